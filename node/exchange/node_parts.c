#include "exchange/node.h"
#include "exchange/outbox.h"

#include "exchange/node_impl.h"

#define XSD_PATH "schemas/akomantoso30.xsd"
#define XML_XSD_PATH "schemas/xml.xsd"
#define XSD_ROOM (1024u * 1024)

const struct sph_env *sph_node_env(const sph_node *node)
{
    return node->env;
}

const struct sph_config *sph_node_config(const sph_node *node)
{
    const struct sph_settings *newest = node->newest;
    return newest ? &newest->config : &node->config;
}

const char *sph_node_party(const sph_node *node)
{
    return node->config.party;
}

const sph_keyring *sph_node_keys(const sph_node *node)
{
    return node->keys;
}

const struct sph_schemas *sph_node_schemas(const sph_node *node)
{
    return &node->schemas;
}

const struct sph_limits *sph_node_limits(const sph_node *node)
{
    (void)node;
    return sph_limits_default();
}

sph_journal *sph_node_journal(const sph_node *node)
{
    return node->journal;
}

sph_secrets *sph_node_secrets(const sph_node *node)
{
    return node->secrets;
}

sph_db_pool *sph_node_readers(const sph_node *node)
{
    return node->readers;
}

sph_partners *sph_node_partners(const sph_node *node)
{
    return node->partners;
}

sph_transfers *sph_node_transfers(const sph_node *node)
{
    return node->transfers;
}

struct sph_health *sph_node_health(const sph_node *node)
{
    return node->health;
}

const sph_transport *sph_node_transport(const sph_node *node)
{
    return node->transport;
}

const sph_vkey *sph_node_log_vkey(const sph_node *node)
{
    return &node->log_vkey;
}

const struct sph_suites *sph_node_suites(const sph_node *node)
{
    const struct sph_settings *newest = node->newest;
    return newest ? &newest->suites : &node->suites;
}

sph_note_memo *sph_node_notes(const sph_node *node)
{
    return node->notes;
}

sph_at_work *sph_node_at_work(const sph_node *node)
{
    return node->at_work;
}

bool sph_node_is_serving(const sph_node *node)
{
    return node->is_serving;
}

int64_t sph_node_now_ms(const sph_node *node)
{
    return node->env->clock->now_ms(node->env->clock->ctx);
}

sph_rc sph_node_leaf(sph_node *node, uint16_t event, const char *user, sph_leaf *out, sph_err *err)
{
    uint8_t pseudonym[16];
    sph_leaf_init(out, event, node->config.party);
    if (!user)
        return sph_ok();
    SPH_TRY(sph_secrets_pseudonym(node->secrets, user, pseudonym, err), err, "pseudonym");
    return sph_leaf_ext(out, SPH_EXT_PERSON, sph_slice_of(pseudonym, sizeof(pseudonym)), err);
}

sph_rc sph_node_note_event(sph_node *node, sph_leaf *leaf, uint64_t *index, sph_err *err)
{
    sph_job job = {.leaves = leaf, .leaf_count = 1};
    SPH_TRY(sph_journal_commit(node->journal, &job, NULL, err), err, "leaf");
    if (index)
        *index = leaf->index;
    return sph_ok();
}

void sph_node_check_context(const sph_node *node, const sph_partner *issuer, bool is_sending,
                            struct sph_packet_context *out)
{
    const struct sph_config *config = &node->config;
    const sph_keyring *ring = node->keys;
    *out = (struct sph_packet_context){
        .schemas = &node->schemas,
        .limits = sph_limits_default(),
        .now_ms = sph_node_now_ms(node),
        .mode = config->mode,
        .self = config->party,
        .self_kind = config->kind,
        .self_country = config->country,
        .issuer_kind = issuer ? issuer->card.kind : config->kind,
        .issuer_country = issuer ? issuer->card.country : config->country,
        .issuer_root = issuer ? issuer->card.root : ring->root,
        .issuer_crl = issuer ? sph_buf_peek(&issuer->card.crl) : sph_buf_peek(&ring->crl),
        .is_sending = is_sending};
    if (issuer)
        out->issuer_leaf_count = sph_partner_sign_certs(issuer, out->issuer_leaves);
    else
        out->issuer_leaves[out->issuer_leaf_count++] = ring->slot[SPH_SLOT_SIGN_ED25519].leaf;
}

sph_rc sph_node_reload_partner(sph_node *node, const char *party, sph_err *err)
{
    SPH_TRY(sph_partners_reload(node->partners, node->readers, &node->schemas, sph_limits_default(),
                                node->config.mode, sph_node_now_ms(node), party, err),
            err, "partner");
    return sph_out_follow(node, party, err);
}

static sph_rc load_official(sph_node *node, bool *is_there, sph_err *err)
{
    const sph_files *files = node->env->files;
    SPH_AUTO(sph_buf) xsd = sph_buf_init(XSD_ROOM);
    SPH_AUTO(sph_buf) xml_xsd = sph_buf_init(XSD_ROOM);
    SPH_TRY(files->exists(files->ctx, XSD_PATH, is_there, err), err, "official schema");
    if (!*is_there)
        return sph_ok();
    SPH_TRY(sph_file_load(files, XSD_PATH, &xsd, err), err, "official schema");
    SPH_TRY(sph_file_load(files, XML_XSD_PATH, &xml_xsd, err), err, "official schema");
    return sph_schemas_add_official(&node->schemas, sph_buf_peek(&xsd), sph_buf_peek(&xml_xsd),
                                    err);
}

sph_rc sph_node_import_schemas(sph_node *node, const struct sph_schemas **out, sph_err *err)
{
    bool is_there = true;
    sph_rc rc = sph_ok();
    pthread_mutex_lock(&node->official_lock);
    if (!node->schemas.official)
        rc = load_official(node, &is_there, err);
    pthread_mutex_unlock(&node->official_lock);
    SPH_TRY(rc, err, "official schema");
    *out = &node->schemas;
    return sph_ok();
}

sph_rc sph_node_install_official(sph_node *node, sph_slice xsd, sph_slice xml_xsd, sph_err *err)
{
    const struct sph_schemas *unused = NULL;
    SPH_TRY(sph_file_store(node->env->files, XML_XSD_PATH, xml_xsd, true, err), err,
            "storing the schema");
    SPH_TRY(sph_file_store(node->env->files, XSD_PATH, xsd, true, err), err, "storing the schema");
    return sph_node_import_schemas(node, &unused, err);
}
