#include "exchange/proofs.h"

#include <string.h>

#include "base/codec.h"
#include "exchange/renew.h"
#include "ledger/proof.h"

#define LEAF_ROOM 65536u
#define PROOF_ROOM 16384u

sph_rc sph_receipt_proof_make(sph_node *node, uint64_t leaf_index, const sph_head *head,
                              sph_buf *out, sph_err *err)
{
    sph_db *reader = NULL;
    SPH_AUTO(sph_buf) leaf = sph_buf_init(LEAF_ROOM);
    SPH_AUTO(sph_buf) proof = sph_buf_init(PROOF_ROOM);
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &reader, err), err, "reader");
    sph_rc rc = sph_journal_leaf(reader, leaf_index, &leaf, err);
    if (rc.code == SPH_OK)
        rc = sph_journal_prove(sph_node_journal(node), reader, leaf_index, head, &proof, err);
    sph_db_pool_put(sph_node_readers(node), reader);
    SPH_TRY(rc, err, "proof of the RECEIVED leaf");
    return sph_as4_ledger_proof_write(sph_buf_peek(&leaf), sph_buf_peek(&proof), out, err);
}

static sph_rc check_leaf(sph_node *node, sph_slice bytes, const sph_out_row *row,
                         const char *receiver, sph_leaf *leaf, int64_t *sent_index, sph_err *err)
{
    SPH_TRY(sph_leaf_decode(bytes, leaf, err), err, "their leaf");
    if (leaf->event != SPH_EVENT_RECEIVED || strcmp(leaf->message_id, row->message_id) != 0)
        return sph_fail(err, SPH_EPROOF, "the leaf is not the RECEIVED leaf of this message");
    if (strcmp(leaf->actor, receiver) != 0)
        return sph_fail(err, SPH_EPROOF, "the leaf is not the partner's");
    /* as4.md 11: any attempt's envelope, when it was encrypted more than once. */
    const sph_rc rc = sph_renew_find(node, row, &leaf->envelope, sent_index, err);
    if (rc.code == SPH_ENOTFOUND)
        return sph_fail(err, SPH_EPROOF, "the leaf names another envelope than the one sent");
    return rc;
}

static sph_rc check_inclusion(sph_slice leaf, const sph_tlog_proof *proof,
                              const sph_checkpoint *head, sph_err *err)
{
    sph_slice hashes[64];
    const sph_hash leaf_hash = sph_tree_leaf_hash(leaf);
    for (size_t i = 0; i < proof->count; i++)
        hashes[i] = sph_slice_hash(&proof->hashes[i]);
    return sph_proof_check_inclusion(proof->index, head->size, sph_slice_hash(&leaf_hash), hashes,
                                     proof->count, sph_slice_hash(&head->root), err);
}

sph_rc sph_receipt_proof(sph_node *node, const sph_as4_in *in, const sph_out_row *row,
                         const sph_partner *partner, sph_buf *leaf, sph_buf *proof,
                         struct sph_out_receipt *receipt, sph_err *err)
{
    sph_leaf decoded;
    sph_tlog_proof parsed;
    sph_checkpoint head;
    SPH_TRY(sph_as4_receipt_proof(in, leaf, proof, err), err, "proof element");
    if (leaf->len == 0 || proof->len == 0 || !partner->has_log)
        return sph_fail(err, SPH_ENOTFOUND, "the receipt carries no ledger proof");
    int64_t sent_index = row->sent_index;
    SPH_TRY(
        check_leaf(node, sph_buf_peek(leaf), row, partner->card.party, &decoded, &sent_index, err),
        err, "leaf");
    SPH_TRY(sph_tlog_proof_parse(sph_buf_peek(proof), &parsed, err), err, "proof");
    SPH_TRY(
        sph_note_memo_verify(sph_node_notes(node), parsed.checkpoint, &partner->log, &head, err),
        err, "checkpoint");
    if (parsed.index != decoded.index)
        return sph_fail(err, SPH_EPROOF, "proof and leaf name different positions");
    SPH_TRY(check_inclusion(sph_buf_peek(leaf), &parsed, &head, err), err, "inclusion");
    receipt->is_proved = true;
    receipt->sent_index = sent_index;
    receipt->peer_index = decoded.index;
    receipt->peer_size = head.size;
    receipt->peer_root = head.root;
    receipt->peer_leaf = sph_buf_peek(leaf);
    receipt->peer_proof = sph_buf_peek(proof);
    return sph_ok();
}

bool sph_message_checkpoint(sph_node *node, const sph_as4_user *user, const sph_partner *partner,
                            sph_checkpoint *out)
{
    SPH_AUTO(sph_buf) note = sph_buf_init(2048);
    if (!partner->has_log)
        return false;
    for (size_t i = 0; i < user->property_count; i++)
        if (strcmp(user->property[i].name, SPH_PROP_CHECKPOINT) == 0)
            return sph_base64_decode(sph_slice_str(user->property[i].value), &note, NULL).code ==
                       SPH_OK &&
                   sph_note_memo_verify(sph_node_notes(node), sph_buf_peek(&note), &partner->log,
                                        out, NULL)
                           .code == SPH_OK;
    return false;
}
