#include "as4/in.h"
#include "base/codec.h"
#include "xml/closed_shape.h"

#include <strings.h>

#define PROOF_MAX 32768u /* as4.md 15.2 */

static const sph_xml_node *receipt_of(const sph_as4_in *in)
{
    return sph_xml_child(in->unit[SPH_AS4_RECEIPT].node, SPH_NS_EB, "Receipt");
}

/** One copied ds:Reference. Its Transforms are the sender's own and not needed for the comparison
 * of sets. */
static sph_rc read_copy(const sph_xml_node *node, sph_as4_ref *out, sph_err *err)
{
    const sph_xml_node *transforms = NULL, *method = NULL, *value = NULL;
    SPH_TRY(sph_shape_children(node,
                               SPH_SHAPE({SPH_NS_DS, "Transforms", true, &transforms},
                                         {SPH_NS_DS, "DigestMethod", false, &method},
                                         {SPH_NS_DS, "DigestValue", false, &value}),
                               err),
            err, "reference in the receipt");
    SPH_TRY(sph_shape_empty_algorithm(method, SPH_ALG_SHA256, err), err, "DigestMethod");
    SPH_AUTO(sph_buf) octets = sph_buf_init(0);
    SPH_TRY(sph_shape_base64(value, sizeof(sph_hash), &octets, err), err, "DigestValue");
    const char *uri = sph_xml_attr(node, NULL, "URI");
    if (uri == NULL || octets.len != sizeof(sph_hash))
        return sph_fail(err, SPH_EPARSE, "reference in the receipt");
    sph_hash digest;
    SPH_TRY(sph_bytes_copy(digest.at, sizeof(digest), sph_buf_peek(&octets), err), err, "digest");
    return sph_as4_ref_make(uri, &digest, out, err);
}

static sph_rc read_copies(const sph_xml_node *information, sph_as4_refs *refs, sph_err *err)
{
    for (const sph_xml_node *n = sph_xml_first(information); n != NULL; n = sph_xml_next(n)) {
        const sph_xml_node *copy = sph_xml_first(n);
        if (!sph_xml_is(n, NS_EBBP, "MessagePartNRInformation") ||
            !sph_xml_is(copy, SPH_NS_DS, "Reference") || sph_xml_next(copy) != NULL)
            return sph_fail(err, SPH_EPARSE, "not one ds:Reference a part");
        if (refs->count == MAX_PARTS + 2)
            return sph_fail(err, SPH_ELIMIT, "more than %zu references", refs->count);
        SPH_TRY(read_copy(copy, &refs->ref[refs->count], err), err, "reference %zu",
                refs->count + 1);
        refs->count++;
    }
    return sph_ok();
}

sph_rc sph_as4_receipt_check(const sph_as4_in *receipt, const sph_as4_refs *sent, sph_err *err)
{
    const sph_xml_node *node = receipt_of(receipt);
    if (node == NULL || !receipt->is_verified)
        return sph_fail(err, SPH_EPROOF, "not a verified receipt");
    /* as4.md 9: a copy of the user message, the form for unsigned messages, proves nothing. */
    const sph_xml_node *information = NULL;
    if (sph_xml_only(node, NS_EBBP, "NonRepudiationInformation", &information, err).code != SPH_OK)
        return sph_fail(err, SPH_EPROOF, "no NonRepudiationInformation");
    sph_as4_refs copied = {0};
    const sph_rc rc = read_copies(information, &copied, err);
    if (rc.code != SPH_OK)
        return sph_fail(err, SPH_EPROOF, "receipt references are malformed");
    if (!sph_as4_refs_equal(&copied, sent))
        return sph_fail(err, SPH_EPROOF, "receipt covers %zu references, sent %zu, not the same",
                        copied.count, sent->count);
    return sph_ok();
}

/* ------------------------------------------------------------------ ledger proof */

static sph_rc read_proof(const sph_xml_node *proof, sph_buf *leaf, sph_buf *tlog, sph_err *err)
{
    const sph_xml_node *first = sph_xml_first(proof);
    const sph_xml_node *second = sph_xml_next(first);
    if (!sph_xml_is(first, NS_SL, "Leaf") || !sph_xml_is(second, NS_SL, "Proof"))
        return sph_fail(err, SPH_EPARSE, "LedgerProof does not begin with Leaf and Proof");
    /* Behind them stand Consistency, Wanted and Cosignature, in this order. */
    static const char *const order[] = {"Consistency", "Wanted", "Cosignature"};
    size_t at = 0;
    for (const sph_xml_node *n = sph_xml_next(second); n != NULL; n = sph_xml_next(n)) {
        while (at < 3 && !sph_xml_is(n, NS_SL, order[at]))
            at++;
        if (at == 3)
            return sph_fail(err, SPH_EPARSE, "LedgerProof holds an unknown element");
        at += at == 0; /* one Consistency */
    }
    SPH_TRY(sph_shape_base64(first, PROOF_MAX, leaf, err), err, "sl:Leaf");
    return sph_shape_base64(second, PROOF_MAX, tlog, err);
}

sph_rc sph_as4_receipt_proof(const sph_as4_in *receipt, sph_buf *leaf, sph_buf *tlog_proof,
                             sph_err *err)
{
    const sph_xml_node *proof = sph_xml_child(receipt_of(receipt), NS_SL, "LedgerProof");
    sph_buf_clear(leaf);
    sph_buf_clear(tlog_proof);
    if (proof == NULL)
        return sph_ok();
    SPH_AUTO(sph_buf) octets = sph_buf_init(PROOF_MAX);
    SPH_TRY(sph_xml_c14n(proof, NULL, NULL, &octets, err), err, "LedgerProof over %u octets",
            PROOF_MAX);
    SPH_AUTO(sph_buf) first = sph_buf_init(0), second = sph_buf_init(0);
    SPH_TRY(read_proof(proof, &first, &second, err), err, "LedgerProof");
    SPH_TRY(sph_buf_add(leaf, sph_buf_peek(&first), err), err, "leaf");
    return sph_buf_add(tlog_proof, sph_buf_peek(&second), err);
}

/* ------------------------------------------------------------------ errors */

/** A foreign text cut to the room there is: this is for a person's eyes, not for a decision. */
static void copy_cut(char *to, size_t room, const char *text)
{
    const sph_slice all = sph_slice_str(text);
    if (sph_str_copy(to, room, sph_slice_sub(all, 0, room - 1), NULL).code != SPH_OK)
        to[0] = 0;
}

static void read_error(const sph_xml_node *node, struct sph_as4_error_seen *out)
{
    *out = (struct sph_as4_error_seen){0};
    const char *severity = sph_xml_attr(node, NULL, "severity");
    out->is_failure = severity == NULL || strcasecmp(severity, "warning") != 0;
    copy_cut(out->code, sizeof(out->code), sph_xml_attr(node, NULL, "errorCode"));
    copy_cut(out->ref_in_error, sizeof(out->ref_in_error),
             sph_xml_attr(node, NULL, "refToMessageInError"));
    const sph_xml_node *detail = sph_xml_child(node, SPH_NS_EB, "ErrorDetail");
    SPH_AUTO(sph_buf) text = sph_buf_init(262144);
    if (detail != NULL && sph_xml_value(detail, &text, NULL).code == SPH_OK)
        copy_cut(out->detail, sizeof(out->detail), sph_buf_text(&text));
}

static int badness(const struct sph_as4_error_seen *error)
{
    return (sph_as4_error_is_final(error) ? 2 : 0) + (error->is_failure ? 1 : 0);
}

size_t sph_as4_errors(const sph_as4_in *in, struct sph_as4_error_seen out[16])
{
    size_t count = 0;
    for (const sph_xml_node *n = sph_xml_first(in->unit[SPH_AS4_ERROR].node);
         n != NULL && count < 16; n = sph_xml_next(n)) {
        if (!sph_xml_is(n, SPH_NS_EB, "Error"))
            continue;
        struct sph_as4_error_seen seen;
        read_error(n, &seen);
        /* Insertion keeps the worst first and equals in the sender's order. */
        size_t at = count++;
        for (; at > 0 && badness(&out[at - 1]) < badness(&seen); at--)
            out[at] = out[at - 1];
        out[at] = seen;
    }
    return count;
}

/** EBMS:0004 is final when its detail begins with the id of a rule that refused the packet (as4.md
 * 10). */
static bool has_rule_id(const char *detail)
{
    static const char *const ids[] = {"PK-", "AKN-", "DP-", "XSD", "MATRIX", "REPLAY"};
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
        if (sph_slice_starts(sph_slice_str(detail), sph_slice_str(ids[i])))
            return true;
    return false;
}

bool sph_as4_error_is_final(const struct sph_as4_error_seen *error)
{
    /* 4001 is phase4's "duplicate, no receipt": as4.md 11 ends the retries there too. */
    static const char *const final[] = {
        "EBMS:0001", "EBMS:0003", "EBMS:0007", "EBMS:0008", "EBMS:0009", "EBMS:0010", "EBMS:0011",
        "EBMS:0101", "EBMS:0102", "EBMS:0103", "EBMS:0201", "EBMS:0303", "EBMS:4001"};
    if (!error->is_failure)
        return false;
    if (strcmp(error->code, "EBMS:0004") == 0)
        return has_rule_id(error->detail);
    for (size_t i = 0; i < sizeof(final) / sizeof(final[0]); i++)
        if (strcmp(error->code, final[i]) == 0)
            return true;
    /* The split and join family, 0040 to 0055. */
    return strcmp(error->code, "EBMS:0040") >= 0 && strcmp(error->code, "EBMS:0055") <= 0;
}
