#include "as4/in.h"
#include "base/codec.h"

/** A cursor over the children of one element: the schema's order is the order of the calls. */
struct walk {
    sph_as4_in *in;
    const sph_xml_node *at;
    sph_as4_fault *fault;
    sph_err *err;
};

static sph_rc bad(const struct walk *w, enum sph_as4_rule rule, const char *what)
{
    return sph_as4_refuse(rule, w->fault, w->err, "%s", what);
}

/** The next child if it is eb:`local`, else NULL. */
static const sph_xml_node *take(struct walk *w, const char *local)
{
    const sph_xml_node *node = w->at;
    if (!sph_xml_is(node, SPH_NS_EB, local))
        return NULL;
    w->at = sph_xml_next(node);
    return node;
}

/** Only these unqualified attributes ("a|b"), and of qualified ones only xml: ones. */
static sph_rc attributes(struct walk *w, const sph_xml_node *node, const char *allowed)
{
    sph_xml_attr_item item = {0};
    while (sph_xml_next_attr(node, &item)) {
        if (strcmp(item.ns, NS_XML) == 0)
            continue;
        char name[64];
        const bool fits =
            sph_str_format(name, sizeof(name), NULL, "|%s|", item.local).code == SPH_OK;
        if (item.ns[0] != 0 || !fits || strstr(allowed, name) == NULL)
            return sph_as4_refuse(SPH_AS4_HEADER, w->fault, w->err, "attribute of %.40s",
                                  sph_xml_local(node));
    }
    return sph_ok();
}

/** Step into an element with element content. */
static sph_rc enter(const struct walk *outer, const sph_xml_node *node, const char *what,
                    const char *allowed, struct walk *inner)
{
    if (node == NULL || !sph_xml_has_only_elements(node))
        return bad(outer, SPH_AS4_HEADER, what);
    *inner = *outer;
    inner->at = sph_xml_first(node);
    return attributes(inner, node, allowed);
}

static sph_rc leave(const struct walk *w, const char *what)
{
    return w->at == NULL ? sph_ok() : bad(w, SPH_AS4_HEADER, what);
}

/** A required, non-empty text element of at most id_chars. */
static sph_rc text(struct walk *w, const char *local, const char *allowed, const char **out)
{
    const sph_xml_node *node = take(w, local);
    if (node == NULL)
        return bad(w, SPH_AS4_HEADER, local);
    SPH_TRY(attributes(w, node, allowed), w->err, "header attributes");
    SPH_TRY(sph_as4_keep_text(w->in, node, w->in->limits->id_chars, out, w->fault, w->err), w->err,
            "header text");
    return **out != 0 ? sph_ok() : bad(w, SPH_AS4_HEADER_VALUE, local);
}

static sph_rc attribute(struct walk *w, const sph_xml_node *node, const char *name, size_t max,
                        const char **out)
{
    const char *value = sph_xml_attr(node, NULL, name);
    if (value != NULL && sph_as4_characters(value) > max)
        return bad(w, SPH_AS4_HEADER_VALUE, name);
    *out = value;
    return sph_ok();
}

static sph_rc keep_id(struct walk *w, const char *id, char to[256])
{
    if (!sph_as4_is_message_id(id))
        return bad(w, SPH_AS4_MESSAGE_ID, "not left@right");
    return sph_as4_blame(sph_str_copy(to, 256, sph_slice_str(id), w->err), SPH_AS4_MESSAGE_ID,
                         w->fault, w->err);
}

static sph_rc message_info(struct walk *outer, struct sph_as4_unit *unit)
{
    struct walk w;
    const char *time = NULL, *id = NULL, *ref = NULL;
    SPH_TRY(enter(outer, take(outer, "MessageInfo"), "MessageInfo", "", &w), outer->err,
            "MessageInfo");
    SPH_TRY(text(&w, "Timestamp", "", &time), w.err, "Timestamp");
    SPH_TRY(text(&w, "MessageId", "", &id), w.err, "MessageId");
    SPH_TRY(keep_id(&w, id, unit->message_id), w.err, "MessageId");
    if (w.at != NULL) {
        SPH_TRY(text(&w, "RefToMessageId", "", &ref), w.err, "RefToMessageId");
        SPH_TRY(keep_id(&w, ref, unit->ref_to), w.err, "RefToMessageId");
    }
    SPH_TRY(leave(&w, "MessageInfo"), w.err, "MessageInfo");
    return sph_as4_blame(sph_time_parse(sph_slice_str(time), &unit->time_ms, w.err),
                         SPH_AS4_TIMESTAMP, w.fault, w.err);
}

/** The profile allows exactly one PartyId (5.2). */
static sph_rc party(struct walk *outer, const char *local, const char **id, const char **type,
                    const char **role)
{
    struct walk w;
    SPH_TRY(enter(outer, take(outer, local), local, "", &w), outer->err, "party");
    const sph_xml_node *node = w.at;
    SPH_TRY(text(&w, "PartyId", "|type|", id), w.err, "PartyId");
    SPH_TRY(attribute(&w, node, "type", w.in->limits->id_chars, type), w.err, "PartyId type");
    SPH_TRY(text(&w, "Role", "", role), w.err, "Role");
    return leave(&w, local);
}

static sph_rc party_info(struct walk *outer, sph_as4_user *user)
{
    struct walk w;
    SPH_TRY(enter(outer, take(outer, "PartyInfo"), "PartyInfo", "", &w), outer->err, "PartyInfo");
    SPH_TRY(party(&w, "From", &user->from, &user->from_type, &user->from_role), w.err, "From");
    SPH_TRY(party(&w, "To", &user->to, &user->to_type, &user->to_role), w.err, "To");
    return leave(&w, "PartyInfo");
}

static sph_rc collaboration(struct walk *outer, sph_as4_user *user)
{
    struct walk w;
    SPH_TRY(enter(outer, take(outer, "CollaborationInfo"), "CollaborationInfo", "", &w), outer->err,
            "CollaborationInfo");
    if (sph_xml_is(w.at, SPH_NS_EB, "AgreementRef"))
        SPH_TRY(text(&w, "AgreementRef", "|type|pmode|", &user->agreement), w.err, "AgreementRef");
    const sph_xml_node *service = w.at;
    SPH_TRY(text(&w, "Service", "|type|", &user->service), w.err, "Service");
    SPH_TRY(attribute(&w, service, "type", w.in->limits->id_chars, &user->service_type), w.err,
            "Service type");
    SPH_TRY(text(&w, "Action", "", &user->action), w.err, "Action");
    const sph_xml_node *id = take(&w, "ConversationId");
    if (id == NULL)
        return bad(&w, SPH_AS4_HEADER, "ConversationId");
    SPH_TRY(attributes(&w, id, ""), w.err, "ConversationId");
    SPH_TRY(
        sph_as4_keep_text(w.in, id, w.in->limits->id_chars, &user->conversation_id, w.fault, w.err),
        w.err, "ConversationId"); /* may be empty */
    return leave(&w, "CollaborationInfo");
}

/** One Property: a name, perhaps a type, a non-empty value. */
static sph_rc property(struct walk *w, struct sph_as4_property *out)
{
    const struct sph_limits *limits = w->in->limits;
    const sph_xml_node *node = take(w, "Property");
    if (node == NULL)
        return bad(w, SPH_AS4_HEADER, "Property");
    SPH_TRY(attributes(w, node, "|name|type|"), w->err, "Property");
    SPH_TRY(attribute(w, node, "name", limits->property_name, &out->name), w->err, "Property");
    SPH_TRY(attribute(w, node, "type", limits->property_name, &out->type), w->err, "Property");
    SPH_TRY(sph_as4_keep_text(w->in, node, limits->property_value, &out->value, w->fault, w->err),
            w->err, "Property");
    if (out->name == NULL || out->name[0] == 0 || out->value[0] == 0)
        return bad(w, SPH_AS4_HEADER_VALUE, "Property");
    return sph_ok();
}

/** Property+ with distinct names: two values for one name would let two readers take different
 * ones. */
static sph_rc properties(struct walk *outer, const sph_xml_node *node,
                         struct sph_as4_property out[16], size_t *count)
{
    struct walk w;
    SPH_TRY(enter(outer, node, "Properties", "", &w), outer->err, "properties");
    size_t n = 0;
    do {
        if (n == w.in->limits->properties || n == 16)
            return bad(&w, SPH_AS4_HEADER_VALUE, "too many properties");
        SPH_TRY(property(&w, &out[n]), w.err, "property %zu", n + 1);
        for (size_t i = 0; i < n; i++)
            if (strcmp(out[i].name, out[n].name) == 0)
                return bad(&w, SPH_AS4_HEADER_VALUE, "property repeated");
        n++;
    } while (w.at != NULL);
    *count = n;
    return sph_ok();
}

/** MimeType, CompressionType and CharacterSet belong to the messaging layer (5.3); a file name
 * is kept for people, others are skipped. */
static sph_rc part_properties(struct walk *w, const sph_xml_node *node,
                              struct sph_as4_part_info *part)
{
    struct sph_as4_property list[16];
    size_t count = 0;
    SPH_TRY(properties(w, node, list, &count), w->err, "PartProperties");
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].name, "MimeType") == 0)
            part->mime_type = list[i].value;
        else if (strcmp(list[i].name, "CharacterSet") == 0)
            part->charset = list[i].value;
        else if (sph_slice_equal_nocase(sph_slice_str(list[i].name), SPH_LIT(SPH_PART_FILENAME)))
            part->name = list[i].value;
        else if (strcmp(list[i].name, "CompressionType") != 0)
            continue;
        else if (strcmp(list[i].value, GZIP_TYPE) != 0)
            return bad(w, SPH_AS4_PART_COMPRESSION, "CompressionType");
        else
            part->is_gzip = true;
    }
    if (part->mime_type != NULL && sph_as4_characters(part->mime_type) > 127)
        return bad(w, SPH_AS4_HEADER_VALUE, "MimeType");
    return sph_ok();
}

static sph_rc part_info(struct walk *outer, struct sph_as4_part_info *out)
{
    struct walk w;
    const sph_xml_node *node = take(outer, "PartInfo");
    SPH_TRY(enter(outer, node, "PartInfo", "|href|", &w), outer->err, "PartInfo");
    SPH_TRY(attribute(&w, node, "href", w.in->limits->id_chars, &out->href), w.err, "href");
    (void)take(&w, "Schema");
    (void)take(&w, "Description");
    const sph_xml_node *list = take(&w, "PartProperties");
    if (list != NULL)
        SPH_TRY(part_properties(&w, list, out), w.err, "PartProperties");
    SPH_TRY(leave(&w, "PartInfo"), w.err, "PartInfo");
    if (out->is_gzip && out->mime_type == NULL)
        return bad(&w, SPH_AS4_PART_COMPRESSION, "MimeType absent");
    if (out->mime_type == NULL)
        out->mime_type = "application/octet-stream";
    return sph_ok();
}

static sph_rc keep_cid(struct walk *w, size_t index)
{
    const char *href = w->in->user.part[index].href;
    char *cid = w->in->cid_of[index];
    SPH_TRY(sph_as4_blame(sph_as4_cid_of_uri(href, cid, w->err), SPH_AS4_HREF, w->fault, w->err),
            w->err, "PartInfo href");
    for (size_t i = 0; i < index; i++)
        if (strcmp(w->in->cid_of[i], cid) == 0)
            return bad(w, SPH_AS4_PART_REPEATED, "PartInfo");
    return sph_ok();
}

static sph_rc payload_info(struct walk *outer, sph_as4_user *user)
{
    struct walk w;
    const sph_xml_node *node = take(outer, "PayloadInfo");
    if (node == NULL)
        return sph_ok();
    SPH_TRY(enter(outer, node, "PayloadInfo", "", &w), outer->err, "PayloadInfo");
    do {
        if (user->part_count == w.in->limits->parts || user->part_count == MAX_PARTS)
            return bad(&w, SPH_AS4_MIME_PARTS, "PartInfo");
        SPH_TRY(part_info(&w, &user->part[user->part_count]), w.err, "PartInfo");
        SPH_TRY(keep_cid(&w, user->part_count), w.err, "PartInfo");
        user->part_count++;
    } while (w.at != NULL);
    return sph_ok();
}

static sph_rc user_message(struct walk *outer, const sph_xml_node *node)
{
    struct walk w;
    sph_as4_user *user = &outer->in->user;
    struct sph_as4_unit *unit = &outer->in->unit[SPH_AS4_USER];
    SPH_TRY(enter(outer, node, "UserMessage", "|mpc|", &w), outer->err, "UserMessage");
    SPH_TRY(attribute(&w, node, "mpc", w.in->limits->id_chars, &user->mpc), w.err, "mpc");
    SPH_TRY(message_info(&w, unit), w.err, "MessageInfo");
    SPH_TRY(party_info(&w, user), w.err, "PartyInfo");
    SPH_TRY(collaboration(&w, user), w.err, "CollaborationInfo");
    const sph_xml_node *list = take(&w, "MessageProperties");
    if (list != NULL)
        SPH_TRY(properties(&w, list, user->property, &user->property_count), w.err,
                "MessageProperties");
    SPH_TRY(payload_info(&w, user), w.err, "PayloadInfo");
    unit->node = node;
    user->timestamp_ms = unit->time_ms;
    user->message_id = unit->message_id;
    user->ref_to = unit->ref_to[0] != 0 ? unit->ref_to : NULL;
    w.in->kind = SPH_AS4_USER;
    return leave(&w, "UserMessage");
}

/** The kind that the signal's second child tells; check_signal holds the rest to it. */
static enum sph_as4_kind kind_of(const sph_xml_node *signal)
{
    const sph_xml_node *what = sph_xml_next(sph_xml_first(signal));
    if (sph_xml_is(what, SPH_NS_EB, "Receipt"))
        return SPH_AS4_RECEIPT;
    return sph_xml_is(what, SPH_NS_EB, "PullRequest") ? SPH_AS4_PULL : SPH_AS4_ERROR;
}

/** Behind MessageInfo: one PullRequest, one Receipt, or Error+. */
static sph_rc check_signal(struct walk *w, enum sph_as4_kind kind)
{
    const sph_xml_node *what = w->at;
    if (kind == SPH_AS4_RECEIPT && sph_xml_first(what) == NULL)
        return bad(w, SPH_AS4_HEADER, "empty Receipt");
    if (kind == SPH_AS4_PULL)
        SPH_TRY(attribute(w, what, "mpc", w->in->limits->id_chars, &w->in->user.mpc), w->err,
                "mpc");
    if (kind != SPH_AS4_ERROR)
        w->at = sph_xml_next(what);
    else if (take(w, "Error") == NULL)
        return bad(w, SPH_AS4_HEADER, "no Receipt, Error or PullRequest");
    while (kind == SPH_AS4_ERROR && take(w, "Error") != NULL)
        continue;
    return leave(w, "SignalMessage");
}

static sph_rc signal_message(struct walk *outer, const sph_xml_node *node)
{
    struct walk w;
    const enum sph_as4_kind kind = kind_of(node);
    struct sph_as4_unit *unit = &outer->in->unit[kind];
    if (unit->node != NULL)
        return bad(outer, SPH_AS4_HEADER, "two signals of one kind");
    SPH_TRY(enter(outer, node, "SignalMessage", "", &w), outer->err, "SignalMessage");
    SPH_TRY(message_info(&w, unit), w.err, "MessageInfo");
    unit->node = node;
    return check_signal(&w, kind);
}

/** as4.md 12.3: a pull request may bring the answer to an earlier message with it. Without one, two
 * answers in one message could only contradict each other. */
static sph_rc signal_messages(struct walk *w)
{
    static const enum sph_as4_kind order[] = {SPH_AS4_PULL, SPH_AS4_RECEIPT, SPH_AS4_ERROR};
    size_t count = 0;
    for (const sph_xml_node *n = take(w, "SignalMessage"); n != NULL;
         n = take(w, "SignalMessage"), count++)
        SPH_TRY(signal_message(w, n), w->err, "signal %zu", count + 1);
    if (count == 0)
        return bad(w, SPH_AS4_HEADER, "no UserMessage or SignalMessage");
    if (count > 1 && w->in->unit[SPH_AS4_PULL].node == NULL)
        return bad(w, SPH_AS4_HEADER, "a receipt and an error without a pull request");
    for (size_t i = 3; i-- > 0;)
        if (w->in->unit[order[i]].node != NULL)
            w->in->kind = order[i];
    return sph_ok();
}

sph_rc sph_as4_header_read(sph_as4_in *in, sph_as4_fault *fault, sph_err *err)
{
    const struct walk outer = {in, NULL, fault, err};
    if (!sph_xml_has_only_elements(in->messaging))
        return bad(&outer, SPH_AS4_HEADER, "text in Messaging");
    struct walk w = {in, sph_xml_first(in->messaging), fault, err};
    const sph_xml_node *user = take(&w, "UserMessage");
    if (user != NULL)
        SPH_TRY(user_message(&w, user), err, "UserMessage");
    else
        SPH_TRY(signal_messages(&w), err, "SignalMessage");
    return leave(&w, "one message in Messaging");
}
