#include "as4/build.h"

#include "as4/envelope.h"
#include "as4/seal.h"
#include "base/codec.h"

#define ROOT_MAX 262144u
#define PART_MAX (UINT64_C(2) << 30) /* as4.md 6.2: at most 2 GiB under one IV */

/* ------------------------------------------------------------------ eb:UserMessage */

struct user_draft {
    const sph_as4_user *user;
    const sph_as4_payload *parts;
    size_t part_count;
};

static void write_party(sph_xml_writer *w, const char *name, const char *id, const char *type,
                        const char *role)
{
    sph_xml_open(w, name);
    sph_xml_open(w, "eb:PartyId");
    sph_xml_set(w, "type", type);
    sph_xml_text(w, sph_slice_str(id));
    sph_xml_close(w);
    sph_xml_leaf(w, "eb:Role", role);
    sph_xml_close(w);
}

static void write_collaboration(sph_xml_writer *w, const sph_as4_user *user)
{
    sph_xml_open(w, "eb:CollaborationInfo");
    sph_xml_leaf(w, "eb:AgreementRef", user->agreement);
    sph_xml_open(w, "eb:Service");
    sph_xml_set(w, "type", user->service_type);
    sph_xml_text(w, sph_slice_str(user->service));
    sph_xml_close(w);
    sph_xml_leaf(w, "eb:Action", user->action);
    sph_xml_leaf(w, "eb:ConversationId",
                 user->conversation_id != NULL ? user->conversation_id : "");
    sph_xml_close(w);
}

static void write_property(sph_xml_writer *w, const char *name, const char *type, const char *value)
{
    if (value == NULL)
        return;
    sph_xml_open(w, "eb:Property");
    sph_xml_set(w, "name", name);
    sph_xml_set(w, "type", type);
    sph_xml_text(w, sph_slice_str(value));
    sph_xml_close(w);
}

static void write_properties(sph_xml_writer *w, const sph_as4_user *user)
{
    if (user->property_count == 0)
        return;
    sph_xml_open(w, "eb:MessageProperties");
    for (size_t i = 0; i < user->property_count; i++)
        write_property(w, user->property[i].name, user->property[i].type, user->property[i].value);
    sph_xml_close(w);
}

static void write_payload_info(sph_xml_writer *w, const sph_as4_payload *parts, size_t count)
{
    char href[300];
    if (count == 0)
        return;
    sph_xml_open(w, "eb:PayloadInfo");
    for (size_t i = 0; i < count; i++) {
        /* The length was checked by check_parts. */
        const bool fits =
            sph_str_format(href, sizeof(href), NULL, "cid:%s", parts[i].cid).code == SPH_OK;
        sph_xml_open(w, "eb:PartInfo");
        sph_xml_set(w, "href", fits ? href : NULL);
        sph_xml_open(w, "eb:PartProperties");
        write_property(w, "MimeType", NULL, parts[i].mime_type);
        write_property(w, "CharacterSet", NULL, parts[i].charset);
        write_property(w, "CompressionType", NULL, GZIP_TYPE);
        write_property(w, SPH_PART_FILENAME, NULL, parts[i].name);
        sph_xml_close(w);
        sph_xml_close(w);
    }
    sph_xml_close(w);
}

static void write_user(sph_xml_writer *w, const void *what)
{
    const struct user_draft *draft = what;
    const sph_as4_user *user = draft->user;
    sph_xml_open(w, "eb:UserMessage");
    sph_xml_set(w, "mpc", user->mpc);
    sph_as4_write_info(w, user->timestamp_ms, user->message_id, user->ref_to);
    sph_xml_open(w, "eb:PartyInfo");
    write_party(w, "eb:From", user->from, user->from_type, user->from_role);
    write_party(w, "eb:To", user->to, user->to_type, user->to_role);
    sph_xml_close(w);
    write_collaboration(w, user);
    write_properties(w, user);
    write_payload_info(w, draft->parts, draft->part_count);
    sph_xml_close(w);
}

/* ------------------------------------------------------------------ whole */

void sph_as4_built_clear(sph_as4_built *built)
{
    if (built != NULL)
        sph_buf_clear(&built->root);
}

static sph_rc new_name(const sph_random *random, bool is_uuid, const char *host, char out[128],
                       sph_err *err)
{
    char left[SPH_AS4_ID_ROOM];
    if (is_uuid)
        SPH_TRY(sph_uuid_new(random, left, err), err, "uuid");
    else
        SPH_TRY(sph_as4_new_id(random, "", left, err), err, "id");
    if (!sph_party_valid(sph_slice_str(host)))
        return sph_fail(err, SPH_EARG, "host part of an id");
    return sph_str_format(out, 128, err, "%s@%s", left, host);
}

sph_rc sph_as4_new_cid(const sph_random *random, const char *host, char out[128], sph_err *err)
{
    return new_name(random, false, host, out, err);
}

sph_rc sph_as4_new_message_id(const sph_random *random, const char *host, char out[128],
                              sph_err *err)
{
    return new_name(random, true, host, out, err);
}

/** What the receiver would refuse is not sent. */
static sph_rc check_parts(const sph_as4_user *user, const sph_as4_payload *parts, size_t count,
                          sph_err *err)
{
    char decoded[256], time[SPH_TIME_TEXT];
    if (count > MAX_PARTS || user->property_count > 16)
        return sph_fail(err, SPH_ELIMIT, "%zu parts, %zu properties", count, user->property_count);
    SPH_TRY(sph_time_format(user->timestamp_ms, true, time, err), err, "Timestamp");
    for (size_t i = 0; i < count; i++) {
        SPH_TRY(sph_as4_cid_decode(sph_slice_str(parts[i].cid), decoded, 250, err), err,
                "Content-ID of part %zu", i + 1);
        if (parts[i].len >= PART_MAX || parts[i].mime_type == NULL)
            return sph_fail(err, SPH_ELIMIT, "part %zu of %llu octets", i + 1,
                            (unsigned long long)parts[i].len);
    }
    return sph_ok();
}

static sph_rc make_root(const struct user_draft *user, struct sph_as4_sealing *s,
                        const sph_as4_signer *signer, sph_as4_built *built, sph_err *err)
{
    sph_dsig_ref parts[MAX_PARTS];
    for (size_t i = 0; i < user->part_count; i++)
        parts[i] = (sph_dsig_ref){.uri = s->uri[i],
                                  .transform = SPH_TRANSFORM_SWA_CONTENT,
                                  .digest = user->parts[i].sha256};
    const struct sph_as4_draft draft = {.write = write_user,
                                        .what = user,
                                        .encrypt =
                                            user->part_count > 0 ? sph_as4_write_encryption : NULL,
                                        .arg = s,
                                        .parts = parts,
                                        .part_count = user->part_count,
                                        .signer = signer,
                                        .suite = s->suite,
                                        .random = s->random};
    built->root = sph_buf_init(ROOT_MAX);
    SPH_TRY(sph_as4_envelope(&draft, &built->root, &built->refs, err), err, "SOAP part");
    built->root_sha256 = sph_sha256_of(sph_buf_peek(&built->root));
    return sph_ok();
}

sph_rc sph_as4_build_user(const sph_as4_user *user, const sph_as4_payload *parts, size_t part_count,
                          enum sph_suite suite, const sph_as4_signer *signer,
                          const sph_cert *recipient, enum sph_token_ref recipient_form,
                          const sph_random *random, const sph_writer *out, sph_as4_built *built,
                          sph_err *err)
{
    const struct user_draft draft = {user, parts, part_count};
    SPH_AUTO(sph_as4_built) made = {0};
    SPH_AUTO_PTR(sph_secret) *key = NULL;
    __attribute__((cleanup(sph_as4_sealing_free))) struct sph_as4_sealing *sealing = NULL;
    SPH_TRY(check_parts(user, parts, part_count, err), err, "user message");
    SPH_TRY(sph_secret_random(random, 16, &key, err), err, "content key");
    SPH_TRY(sph_as4_sealing_new(parts, part_count, suite, recipient, recipient_form, key, random,
                                &sealing, err),
            err, "encryption");
    SPH_TRY(make_root(&draft, sealing, signer, &made, err), err, "user message");
    SPH_TRY(sph_as4_write_mime(sealing, out, &made, err), err, "user message");
    *built = made;
    made.root = sph_buf_init(0);
    return sph_ok();
}
