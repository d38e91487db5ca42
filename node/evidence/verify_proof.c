/* Proofs of one entry: the leaf is in the tree that a signed head covers (ledger.md 1, 2, 5). */
#include "base/codec.h"
#include "evidence/verify_parts.h"
#include "ledger/leaf.h"
#include "ledger/proof.h"

#define PROOF_SCHEMA "saphan.proof/1"
#define JSON_CAP (1u << 20)

static sph_rc say_leaf(const sph_leaf *leaf, sph_verdict *verdict, sph_err *err)
{
    const char *name = sph_event_name(leaf->event);
    SPH_AUTO(sph_buf) envelope = sph_buf_init(128);
    const sph_hash none = {{0}};
    sph_verdict_fact_code(verdict, "evidence.fact.event", "event", "event", name ? name : "?");
    sph_verdict_fact_time(verdict, "evidence.fact.time", "time", (int64_t)leaf->unix_ms);
    sph_verdict_fact(verdict, "evidence.fact.actor", "actor", leaf->actor);
    sph_verdict_fact(verdict, "evidence.fact.partner", "partner", leaf->peer);
    sph_verdict_fact(verdict, "evidence.fact.message", "messageId", leaf->message_id);
    sph_verdict_fact(verdict, "evidence.fact.conversation", "conversationId",
                     leaf->conversation_id);
    if (!sph_slice_equal(sph_slice_hash(&leaf->envelope), sph_slice_hash(&none))) {
        SPH_TRY(sph_hex_encode(sph_slice_hash(&leaf->envelope), &envelope, err), err, "envelope");
        sph_verdict_fact(verdict, "evidence.fact.envelope", "envelopeSha256",
                         sph_buf_text(&envelope));
    }
    if (!name)
        sph_verdict_say(verdict, SPH_LINE_NOTED, "evidence.leaf.event-unknown", NULL, NULL);
    return sph_ok();
}

/* Is the entry what it says, at its own place, by the log's own organisation? */
static void check_leaf(const sph_leaf *leaf, uint64_t index, const sph_trust *signer,
                       sph_verdict *verdict)
{
    if (leaf->index != index)
        sph_verdict_say(verdict, SPH_LINE_FAILED, "evidence.leaf.index", NULL, NULL);
    if (signer->party[0] && strcmp(leaf->actor, signer->party) != 0)
        sph_verdict_say(verdict, SPH_LINE_FAILED, "evidence.leaf.actor", leaf->actor,
                        signer->party);
}

static sph_rc read_leaf(sph_slice bytes, uint64_t index, const sph_trust *signer,
                        sph_verdict *verdict, sph_err *err)
{
    sph_leaf leaf;
    const sph_rc rc = sph_leaf_decode(bytes, &leaf, NULL);
    if (sph_verify_is_fatal(rc))
        return sph_fail(err, rc.code, "leaf");
    if (rc.code == SPH_OK) {
        check_leaf(&leaf, index, signer, verdict);
        return say_leaf(&leaf, verdict, err);
    }
    /* Other logs of the C2SP family have other leaves; ours must be in our form. */
    const bool is_ours = sph_slice_starts(bytes, SPH_LIT("SPL1"));
    sph_verdict_say(verdict, is_ours ? SPH_LINE_FAILED : SPH_LINE_NOTED,
                    is_ours ? "evidence.leaf.form" : "evidence.leaf.foreign", NULL, NULL);
    return sph_ok();
}

static bool is_included(const sph_tlog_proof *proof, const sph_checkpoint *head, sph_slice leaf)
{
    sph_slice hashes[64];
    const sph_hash hash = sph_tree_leaf_hash(leaf);
    for (size_t i = 0; i < proof->count; i++)
        hashes[i] = sph_slice_hash(&proof->hashes[i]);
    return sph_proof_check_inclusion(proof->index, head->size, sph_slice_hash(&hash), hashes,
                                     proof->count, sph_slice_hash(&head->root), NULL)
               .code == SPH_OK;
}

static sph_rc judge(const sph_tlog_proof *proof, sph_slice leaf,
                    const struct sph_verify_context *context, sph_verdict *verdict, sph_err *err)
{
    sph_checkpoint head;
    const sph_trust *signer = NULL;
    sph_verdict_fact_number(verdict, "evidence.fact.index", "index", proof->index);
    SPH_TRY(sph_verify_head(proof->checkpoint, context, verdict, &head, &signer, err), err, "head");
    if (leaf.len == 0)
        sph_verdict_say(verdict, SPH_LINE_MISSING, "evidence.proof.no-leaf", NULL, NULL);
    if (!signer || leaf.len == 0)
        return sph_ok();
    if (!is_included(proof, &head, leaf)) {
        sph_verdict_say(verdict, SPH_LINE_FAILED, "evidence.proof.not-in", NULL, NULL);
        return sph_ok();
    }
    sph_verdict_say(verdict, SPH_LINE_CHECKED, "evidence.proof.in", NULL, NULL);
    sph_verdict_say(verdict, SPH_LINE_LIMIT, "evidence.limit.proof", NULL, NULL);
    return read_leaf(leaf, proof->index, signer, verdict, err);
}

static sph_rc verify(sph_slice text, sph_slice leaf, int64_t index,
                     const struct sph_verify_context *context, sph_verdict *verdict, sph_err *err)
{
    sph_tlog_proof proof;
    sph_verdict_set_kind(verdict, SPH_EVIDENCE_PROOF);
    const sph_rc rc = sph_tlog_proof_parse(text, &proof, NULL);
    if (sph_verify_is_fatal(rc))
        return sph_fail(err, rc.code, "proof");
    if (rc.code != SPH_OK) {
        sph_verdict_say(verdict, SPH_LINE_MISSING, "evidence.proof.form", NULL, NULL);
        return sph_ok();
    }
    if (index >= 0 && (uint64_t)index != proof.index)
        sph_verdict_say(verdict, SPH_LINE_FAILED, "evidence.proof.index", NULL, NULL);
    return judge(&proof, leaf, context, verdict, err);
}

sph_rc sph_verify_proof(sph_slice text, const struct sph_verify_context *context,
                        sph_verdict *verdict, sph_err *err)
{
    return verify(text, context->leaf, -1, context, verdict, err);
}

/* Not an answer of ours, or its leaf is not base64: nothing here can be judged. */
static sph_rc unusable(sph_verdict *verdict)
{
    sph_verdict_say(verdict, SPH_LINE_MISSING, "evidence.proof.form", NULL, NULL);
    return sph_ok();
}

sph_rc sph_verify_proof_json(sph_slice text, const struct sph_verify_context *context,
                             sph_verdict *verdict, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_AUTO(sph_buf) leaf = sph_buf_init(SPH_LEAF_MAX);
    sph_verdict_set_kind(verdict, SPH_EVIDENCE_PROOF);
    const sph_rc rc = sph_json_parse(text, JSON_CAP, &json, NULL);
    if (sph_verify_is_fatal(rc))
        return sph_fail(err, rc.code, "proof");
    const char *proof = sph_json_get_text(json, "proof");
    const char *encoded = sph_json_get_text(json, "leaf");
    if (rc.code != SPH_OK || !proof || !encoded ||
        !sph_slice_is(SPH_LIT(PROOF_SCHEMA), sph_json_get_text(json, "schema")))
        return unusable(verdict);
    const sph_rc decoded = sph_base64_decode(sph_slice_str(encoded), &leaf, NULL);
    if (sph_verify_is_fatal(decoded))
        return sph_fail(err, decoded.code, "leaf");
    if (decoded.code != SPH_OK)
        return unusable(verdict);
    /* A leaf given by hand is the one that is asked about. */
    return verify(sph_slice_str(proof), context->leaf.len ? context->leaf : sph_buf_peek(&leaf),
                  sph_json_get_int(json, "index", -1), context, verdict, err);
}
