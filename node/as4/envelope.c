#include "as4/envelope.h"

#include "base/codec.h"

static const struct sph_xml_prefix prefixes[] = {
    {"env", NS_ENV},       {"eb", SPH_NS_EB},     {"ebbp", NS_EBBP},         {"wsse", NS_WSSE},
    {"wsse11", NS_WSSE11}, {"wsu", NS_WSU},       {"ds", SPH_NS_DS},         {"ds11", SPH_NS_DS11},
    {"dsm", SPH_NS_DSM},   {"xenc", SPH_NS_XENC}, {"xenc11", SPH_NS_XENC11}, {"ec", SPH_NS_EC},
    {NULL, NULL},
};

sph_rc sph_as4_new_id(const sph_random *random, const char *prefix, char out[SPH_AS4_ID_ROOM],
                      sph_err *err)
{
    uint8_t octets[16];
    SPH_AUTO(sph_buf) text = sph_buf_init(SPH_AS4_ID_ROOM);
    SPH_TRY(random->fill(random->ctx, octets, sizeof(octets), err), err, "random id");
    SPH_TRY(sph_buf_add_text(&text, prefix, err), err, "id");
    SPH_TRY(sph_hex_encode(sph_slice_of(octets, sizeof(octets)), &text, err), err, "id");
    return sph_str_copy(out, SPH_AS4_ID_ROOM, sph_buf_peek(&text), err);
}

void sph_as4_write_info(sph_xml_writer *w, int64_t time_ms, const char *message_id,
                        const char *ref_to)
{
    char time[SPH_TIME_TEXT] = "";
    /* A time outside 1900..2199 leaves an empty Timestamp, which no receiver takes: ours is checked
     * in build. */
    if (sph_time_format(time_ms, true, time, NULL).code != SPH_OK)
        time[0] = 0;
    sph_xml_open(w, "eb:MessageInfo");
    sph_xml_leaf(w, "eb:Timestamp", time);
    sph_xml_leaf(w, "eb:MessageId", message_id);
    sph_xml_leaf(w, "eb:RefToMessageId", ref_to);
    sph_xml_close(w);
}

static void write_algorithm(sph_xml_writer *w, const char *name, const char *uri)
{
    sph_xml_open(w, name);
    sph_xml_set(w, "Algorithm", uri);
    sph_xml_close(w);
}

void sph_as4_write_ref(sph_xml_writer *w, const sph_dsig_ref *ref)
{
    const bool is_part = ref->transform == SPH_TRANSFORM_SWA_CONTENT;
    sph_xml_open(w, "ds:Reference");
    sph_xml_set(w, "URI", ref->uri);
    sph_xml_open(w, "ds:Transforms");
    sph_xml_open(w, "ds:Transform");
    sph_xml_set(w, "Algorithm", is_part ? SPH_ALG_SWA_CONTENT : SPH_ALG_EXC_C14N);
    if (ref->prefix_list != NULL) {
        sph_xml_open(w, "ec:InclusiveNamespaces");
        sph_xml_set(w, "PrefixList", ref->prefix_list);
        sph_xml_close(w);
    }
    sph_xml_close(w);
    sph_xml_close(w);
    write_algorithm(w, "ds:DigestMethod", SPH_ALG_SHA256);
    sph_xml_leaf_base64(w, "ds:DigestValue", sph_slice_hash(&ref->digest));
    sph_xml_close(w);
}

/* ------------------------------------------------------------------ the pieces */

/** A fragment's octets are its own canonical form, so its digest is that of what was written
 * (xml/writer.h). */
static sph_rc digest_since(sph_xml_writer *w, const sph_buf *out, size_t start, sph_hash *digest,
                           sph_err *err)
{
    if (sph_xml_writer_failed(w))
        return sph_xml_writer_end(w, err);
    *digest = sph_sha256_of(sph_slice_sub(sph_buf_peek(out), start, out->len - start));
    return sph_ok();
}

static sph_rc write_messaging(const struct sph_as4_draft *draft, const char *id, sph_xml_writer *w,
                              const sph_buf *out, sph_hash *digest, sph_err *err)
{
    sph_xml_fragment(w);
    const size_t start = out->len;
    sph_xml_open(w, "eb:Messaging");
    sph_xml_set(w, "env:mustUnderstand", "true");
    sph_xml_set(w, "wsu:Id", id);
    draft->write(w, draft->what);
    sph_xml_close(w);
    return digest_since(w, out, start, digest, err);
}

/** The Body is digested before it stands in its place: the signature comes first. */
static sph_rc make_body(const char *id, sph_buf *body, sph_hash *digest, sph_err *err)
{
    SPH_AUTO_PTR(sph_xml_writer) *w = NULL;
    SPH_TRY(sph_xml_writer_new(prefixes, body, &w, err), err, "Body");
    sph_xml_fragment(w);
    sph_xml_open(w, "env:Body");
    sph_xml_set(w, "wsu:Id", id);
    sph_xml_close(w);
    SPH_TRY(sph_xml_writer_end(w, err), err, "Body");
    *digest = sph_sha256_of(sph_buf_peek(body));
    return sph_ok();
}

/** The token that names the signer, and ds:Signature up to its SignedInfo. */
static sph_rc open_signature(const struct sph_as4_draft *draft, sph_as4_token *token,
                             sph_xml_writer *w, sph_err *err)
{
    const sph_as4_signer *signer = draft->signer;
    char id[SPH_AS4_ID_ROOM];
    SPH_TRY(sph_as4_new_id(draft->random, "X509-", id, err), err, "token id");
    SPH_TRY(sph_as4_token_make(signer->form, signer->leaf, signer->root, id, token, err), err,
            "signer's token");
    sph_as4_token_write_binary(w, token);
    SPH_TRY(sph_as4_new_id(draft->random, "SIG-", id, err), err, "signature id");
    sph_xml_open(w, "ds:Signature");
    sph_xml_set(w, "Id", id);
    return sph_ok();
}

static void close_signature(sph_as4_token *token, sph_xml_writer *w)
{
    sph_xml_open(w, "ds:KeyInfo");
    sph_as4_token_write_reference(w, token);
    sph_xml_close(w);
    sph_xml_close(w);
}

static sph_rc write_signature(const struct sph_as4_draft *draft, const sph_dsig_ref *refs,
                              size_t count, sph_xml_writer *w, sph_buf *out, sph_err *err)
{
    SPH_AUTO(sph_as4_token) token = {0};
    SPH_TRY(open_signature(draft, &token, w, err), err, "signature");
    SPH_TRY(sph_dsig_write(w, out, refs, count, draft->signer->key, err), err, "signature");
    close_signature(&token, w);
    return sph_ok();
}

/** SignedInfo is its own canonical form, so its octets are what is signed. */
static sph_rc write_signature_again(const struct sph_as4_draft *draft, sph_slice signed_info,
                                    sph_xml_writer *w, sph_err *err)
{
    SPH_AUTO(sph_as4_token) token = {0};
    SPH_AUTO(sph_buf) value = sph_buf_init(1024);
    SPH_TRY(sph_key_sign(draft->signer->key, signed_info, &value, err), err, "signing SignedInfo");
    SPH_TRY(open_signature(draft, &token, w, err), err, "signature");
    sph_xml_raw(w, signed_info);
    sph_xml_leaf_base64(w, "ds:SignatureValue", sph_buf_peek(&value));
    close_signature(&token, w);
    return sph_ok();
}

/** References in the order of as4.md 5.1: Body, Messaging, parts. */
struct signed_set {
    char body_id[SPH_AS4_ID_ROOM + 1], messaging_id[SPH_AS4_ID_ROOM + 1]; /* with '#' */
    sph_dsig_ref ref[MAX_PARTS + 2];
    size_t count;
};

static sph_rc start_set(const struct sph_as4_draft *draft, struct signed_set *set, sph_err *err)
{
    SPH_TRY(sph_as4_new_id(draft->random, "#_b", set->body_id, err), err, "Body id");
    SPH_TRY(sph_as4_new_id(draft->random, "#_m", set->messaging_id, err), err, "Messaging id");
    set->ref[0] = (sph_dsig_ref){.uri = set->body_id};
    set->ref[1] = (sph_dsig_ref){.uri = set->messaging_id};
    set->count = 2 + draft->part_count;
    for (size_t i = 0; i < draft->part_count; i++)
        set->ref[2 + i] = draft->parts[i];
    return sph_ok();
}

static sph_rc write_security(const struct sph_as4_draft *draft, const struct signed_set *set,
                             sph_xml_writer *w, sph_buf *out, sph_err *err)
{
    sph_xml_open(w, "wsse:Security");
    sph_xml_set(w, "env:mustUnderstand", "true");
    if (draft->encrypt != NULL)
        SPH_TRY(draft->encrypt(w, draft->arg, err), err, "encryption");
    SPH_TRY(write_signature(draft, set->ref, set->count, w, out, err), err, "signature");
    sph_xml_close(w);
    return sph_ok();
}

static sph_rc report_refs(const struct signed_set *set, sph_as4_refs *refs, sph_err *err)
{
    if (refs == NULL)
        return sph_ok();
    for (size_t i = 0; i < set->count; i++)
        SPH_TRY(sph_as4_ref_make(set->ref[i].uri, &set->ref[i].digest, &refs->ref[i], err), err,
                "reference %zu", i + 1);
    refs->count = set->count;
    return sph_ok();
}

static sph_rc check_draft(const struct sph_as4_draft *draft, sph_err *err)
{
    if (draft->part_count > MAX_PARTS)
        return sph_fail(err, SPH_ELIMIT, "%zu parts, limit %u", draft->part_count, MAX_PARTS);
    if (draft->signer != NULL &&
        sph_key_kind_of(draft->signer->key) != sph_suite_sign_kind(draft->suite))
        return sph_fail(err, SPH_EARG, "the signing key is not of the suite");
    return sph_ok();
}

sph_rc sph_as4_envelope(const struct sph_as4_draft *draft, sph_buf *out, sph_as4_refs *refs,
                        sph_err *err)
{
    SPH_AUTO_PTR(sph_xml_writer) *w = NULL;
    SPH_AUTO(sph_buf) body = sph_buf_init(1024);
    struct signed_set set = {0};
    SPH_TRY(check_draft(draft, err), err, "SOAP document");
    SPH_TRY(start_set(draft, &set, err), err, "SOAP document");
    SPH_TRY(sph_xml_writer_new(prefixes, out, &w, err), err, "SOAP document");
    SPH_TRY(make_body(set.body_id + 1, &body, &set.ref[0].digest, err), err, "Body");
    sph_xml_open(w, "env:Envelope");
    sph_xml_open(w, "env:Header");
    SPH_TRY(write_messaging(draft, set.messaging_id + 1, w, out, &set.ref[1].digest, err), err,
            "Messaging");
    if (draft->signer != NULL)
        SPH_TRY(write_security(draft, &set, w, out, err), err, "Security");
    sph_xml_close(w);
    sph_xml_raw(w, sph_buf_peek(&body));
    sph_xml_close(w);
    SPH_TRY(sph_xml_writer_end(w, err), err, "SOAP document");
    return report_refs(&set, refs, err);
}

static sph_rc write_security_again(const struct sph_as4_draft *draft,
                                   const struct sph_as4_kept *kept, sph_xml_writer *w, sph_err *err)
{
    sph_xml_open(w, "wsse:Security");
    sph_xml_set(w, "env:mustUnderstand", "true");
    if (draft->encrypt != NULL)
        SPH_TRY(draft->encrypt(w, draft->arg, err), err, "encryption");
    if (draft->signer != NULL)
        SPH_TRY(write_signature_again(draft, kept->signed_info, w, err), err, "signature");
    else
        sph_xml_raw(w, kept->signature);
    sph_xml_close(w);
    return sph_ok();
}

sph_rc sph_as4_envelope_again(const struct sph_as4_draft *draft, const struct sph_as4_kept *kept,
                              sph_buf *out, sph_err *err)
{
    SPH_AUTO_PTR(sph_xml_writer) *w = NULL;
    SPH_TRY(check_draft(draft, err), err, "SOAP document");
    SPH_TRY(sph_xml_writer_new(prefixes, out, &w, err), err, "SOAP document");
    sph_xml_open(w, "env:Envelope");
    sph_xml_open(w, "env:Header");
    sph_xml_raw(w, kept->messaging);
    SPH_TRY(write_security_again(draft, kept, w, err), err, "Security");
    sph_xml_close(w);
    sph_xml_raw(w, kept->body);
    sph_xml_close(w);
    return sph_xml_writer_end(w, err);
}
