#include "ledger/leaf.h"

#include "ledger/leaf_impl.h"
#include "ledger/tree.h"

void sph_leaf_init(sph_leaf *leaf, uint16_t event, const char *actor)
{
    *leaf = (sph_leaf){.event = event, .ref_index = SPH_NO_REF, .peer_root = sph_tree_empty()};
    const sph_rc rc = sph_str_copy(leaf->actor, sizeof(leaf->actor), sph_slice_str(actor), NULL);
    if (rc.code != SPH_OK)
        leaf->actor[0] = '\0';
}

static bool is_party_text(sph_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t c = text.at[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '.' && c != '-')
            return false;
    }
    return text.len < SPH_PARTY_ROOM;
}

/* The rules that hold for writer and reader alike. */
static const char *broken_rule(const sph_leaf *leaf)
{
    const sph_hash empty = sph_tree_empty();
    if (leaf->actor[0] == '\0' || !is_party_text(sph_slice_str(leaf->actor)))
        return "actor";
    if (!is_party_text(sph_slice_str(leaf->peer)))
        return "peer";
    if (leaf->peer_size == 0 &&
        !sph_slice_equal(sph_slice_hash(&leaf->peer_root), sph_slice_hash(&empty)))
        return "peer root without peer size";
    if (leaf->ref_index != SPH_NO_REF && leaf->ref_index >= leaf->index)
        return "reference to a later leaf";
    if (leaf->ext_len > sizeof(leaf->ext) ||
        !sph_leaf_ext_valid(sph_slice_of(leaf->ext, leaf->ext_len)))
        return "extension";
    return NULL;
}

static sph_rc add_v16(sph_buf *out, sph_slice bytes, sph_err *err)
{
    SPH_TRY(sph_buf_add_u16(out, (uint16_t)bytes.len, err), err, "length");
    return sph_buf_add(out, bytes, err);
}

static sph_rc add_head(const sph_leaf *leaf, sph_buf *out, sph_err *err)
{
    SPH_TRY(sph_buf_add(out, SPH_LIT("SPL1\x01\x00"), err), err, "magic");
    SPH_TRY(sph_buf_add_u16(out, leaf->event, err), err, "event");
    SPH_TRY(sph_buf_add_u64(out, leaf->index, err), err, "index");
    return sph_buf_add_u64(out, leaf->unix_ms, err);
}

static sph_rc add_names(const sph_leaf *leaf, sph_buf *out, sph_err *err)
{
    SPH_TRY(add_v16(out, sph_slice_str(leaf->actor), err), err, "actor");
    SPH_TRY(add_v16(out, sph_slice_str(leaf->peer), err), err, "peer");
    SPH_TRY(add_v16(out, sph_slice_str(leaf->message_id), err), err, "message id");
    return add_v16(out, sph_slice_str(leaf->conversation_id), err);
}

static sph_rc add_rest(const sph_leaf *leaf, sph_buf *out, sph_err *err)
{
    SPH_TRY(sph_buf_add(out, sph_slice_hash(&leaf->commitment), err), err, "commitment");
    SPH_TRY(sph_buf_add(out, sph_slice_hash(&leaf->envelope), err), err, "envelope");
    SPH_TRY(sph_buf_add(out, sph_slice_hash(&leaf->receipt), err), err, "receipt");
    SPH_TRY(sph_buf_add_u64(out, leaf->ref_index, err), err, "reference");
    SPH_TRY(sph_buf_add_u64(out, leaf->peer_size, err), err, "peer size");
    SPH_TRY(sph_buf_add(out, sph_slice_hash(&leaf->peer_root), err), err, "peer root");
    return add_v16(out, sph_slice_of(leaf->ext, leaf->ext_len), err);
}

static sph_rc write_leaf(const sph_leaf *leaf, sph_buf *out, sph_err *err)
{
    SPH_TRY(add_head(leaf, out, err), err, "leaf");
    SPH_TRY(add_names(leaf, out, err), err, "leaf");
    return add_rest(leaf, out, err);
}

sph_rc sph_leaf_encode(const sph_leaf *leaf, sph_buf *out, sph_err *err)
{
    const char *rule = broken_rule(leaf);
    if (rule)
        return sph_fail(err, SPH_EARG, "leaf: %s", rule);
    if (!sph_event_name(leaf->event))
        return sph_fail(err, SPH_EARG, "event 0x%04x is not known", leaf->event);
    const size_t before = out->len;
    const sph_rc rc = write_leaf(leaf, out, err);
    if (rc.code != SPH_OK)
        out->len = before; /* outputs stay untouched on failure */
    return rc;
}

/* A reader that stays at the end once something did not fit. */
struct cursor {
    sph_slice rest;
    bool is_short;
};

static sph_slice take(struct cursor *c, size_t len)
{
    if (c->is_short || c->rest.len < len) {
        c->is_short = true;
        return (sph_slice){NULL, 0};
    }
    const sph_slice taken = {c->rest.at, len};
    c->rest = (sph_slice){c->rest.at + len, c->rest.len - len};
    return taken;
}

static uint64_t take_number(struct cursor *c, size_t octets)
{
    const sph_slice bytes = take(c, octets);
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.len; i++)
        value = value << 8 | bytes.at[i];
    return value;
}

static sph_slice take_v16(struct cursor *c)
{
    return take(c, (size_t)take_number(c, 2));
}

static void take_hash(struct cursor *c, sph_hash *out)
{
    const sph_rc rc = sph_bytes_copy(out->at, sizeof(out->at), take(c, sizeof(out->at)), NULL);
    (void)rc; /* 32 octets into 32, or none when the leaf is cut short */
}

static sph_rc read_names(struct cursor *c, sph_leaf *leaf, sph_err *err)
{
    SPH_TRY(sph_str_copy(leaf->actor, sizeof(leaf->actor), take_v16(c), err), err, "actor");
    SPH_TRY(sph_str_copy(leaf->peer, sizeof(leaf->peer), take_v16(c), err), err, "peer");
    SPH_TRY(sph_str_copy(leaf->message_id, sizeof(leaf->message_id), take_v16(c), err), err,
            "message id");
    return sph_str_copy(leaf->conversation_id, sizeof(leaf->conversation_id), take_v16(c), err);
}

static sph_rc read_leaf(struct cursor *c, sph_leaf *leaf, sph_err *err)
{
    leaf->event = (uint16_t)take_number(c, 2);
    leaf->index = take_number(c, 8);
    leaf->unix_ms = take_number(c, 8);
    SPH_TRY(read_names(c, leaf, err), err, "names");
    take_hash(c, &leaf->commitment);
    take_hash(c, &leaf->envelope);
    take_hash(c, &leaf->receipt);
    leaf->ref_index = take_number(c, 8);
    leaf->peer_size = take_number(c, 8);
    take_hash(c, &leaf->peer_root);
    const sph_slice ext = take_v16(c);
    SPH_TRY(sph_bytes_copy(leaf->ext, sizeof(leaf->ext), ext, err), err, "extension");
    leaf->ext_len = ext.len;
    return sph_ok();
}

/* The rule that leaves one way to write: what was read must write the same octets (ledger.md 2). */
static sph_rc check_same(const sph_leaf *leaf, sph_slice bytes, sph_err *err)
{
    SPH_AUTO(sph_buf) again = sph_buf_init(SPH_LEAF_MAX);
    uint8_t *room = NULL;
    SPH_TRY(sph_buf_grow(&again, bytes.len, &room, err), err, "writing again"); /* one allocation */
    again.len = 0;
    SPH_TRY(write_leaf(leaf, &again, err), err, "writing again");
    if (!sph_slice_equal(sph_buf_peek(&again), bytes))
        return sph_fail(err, SPH_EPARSE, "another way of writing the same leaf");
    return sph_ok();
}

sph_rc sph_leaf_decode(sph_slice bytes, sph_leaf *out, sph_err *err)
{
    sph_leaf leaf = {0};
    struct cursor c = {bytes, false};
    if (bytes.len < SPH_LEAF_MIN || bytes.len > SPH_LEAF_MAX)
        return sph_fail(err, SPH_EPARSE, "%zu octets", bytes.len);
    if (!sph_slice_equal(take(&c, 6), SPH_LIT("SPL1\x01\x00")))
        return sph_fail(err, SPH_EPARSE, "magic, version or reserved octet");
    const sph_rc rc = read_leaf(&c, &leaf, err);
    if (rc.code != SPH_OK || c.is_short || c.rest.len > 0)
        return sph_fail(err, SPH_EPARSE, "%s",
                        c.is_short ? "cut short" : "field too long or left over");
    const char *rule = broken_rule(&leaf);
    if (rule)
        return sph_fail(err, SPH_EPARSE, "leaf: %s", rule);
    SPH_TRY(check_same(&leaf, bytes, err), err, "leaf %llu", (unsigned long long)leaf.index);
    *out = leaf;
    return sph_ok();
}
