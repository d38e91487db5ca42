/* Pull requests, receipts and errors from untrusted bytes, also bundled. The input is taken for
 * verified, as a partner's own would be: what its author signed may still be anything. */
#include "as4/in.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* What the message says it is, and what it says it has, must agree. */
static void check_kinds(const sph_as4_in *in)
{
    size_t count = 0;
    for (unsigned i = 0; i < SPH_AS4_KINDS; i++) {
        const enum sph_as4_kind kind = (enum sph_as4_kind)i;
        count += sph_as4_in_has(in, kind);
        must(sph_as4_in_has(in, kind) == (sph_as4_in_id_of(in, kind) != NULL));
        must(sph_as4_in_has(in, kind) || sph_as4_in_ref_of(in, kind) == NULL);
    }
    must(count >= 1 && count <= 3 && sph_as4_in_has(in, sph_as4_in_kind(in)));
    must(count == 1 || sph_as4_in_kind(in) == SPH_AS4_PULL);
    must((sph_as4_in_user(in) != NULL) == (sph_as4_in_kind(in) == SPH_AS4_USER));
    must(sph_as4_in_kind(in) == SPH_AS4_PULL || sph_as4_in_pull_mpc(in) == NULL);
}

static void check_receipt(const sph_as4_in *in)
{
    static const sph_as4_refs none;
    SPH_AUTO(sph_buf) leaf = sph_buf_init(65536), proof = sph_buf_init(65536);
    const bool is_good = sph_as4_receipt_check(in, &none, NULL).code == SPH_OK;
    must(!is_good || sph_as4_in_has(in, SPH_AS4_RECEIPT));
    if (sph_as4_receipt_proof(in, &leaf, &proof, NULL).code != SPH_OK)
        must(leaf.len + proof.len == 0);
}

static void check_errors(const sph_as4_in *in)
{
    struct sph_as4_error_seen errors[16];
    const size_t count = sph_as4_errors(in, errors);
    must(count <= 16 && (count > 0) == sph_as4_in_has(in, SPH_AS4_ERROR));
    bool was_final = true;
    for (size_t i = 0; i < count; i++) { /* the worst stands first */
        const bool is_final = sph_as4_error_is_final(&errors[i]);
        must(was_final || !is_final);
        must(errors[i].is_failure || !is_final);
        was_final = is_final;
    }
}

/* Text that came from outside reads back as the same set, or not at all. */
static void check_refs(sph_slice input)
{
    static sph_as4_refs first, again;
    SPH_AUTO(sph_buf) text = sph_buf_init(65536);
    if (sph_as4_refs_parse(input, &first, NULL).code != SPH_OK)
        return;
    must(sph_as4_refs_print(&first, &text, NULL).code == SPH_OK);
    must(sph_as4_refs_parse(sph_buf_peek(&text), &again, NULL).code == SPH_OK);
    must(sph_as4_refs_equal(&first, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const sph_slice input = sph_slice_of(data, size);
    sph_as4_fault fault = {0};
    SPH_AUTO_PTR(sph_as4_in) *in = NULL;
    sph_xml_start();
    check_refs(input);
    const sph_rc rc = sph_as4_open_root(input, sph_limits_default(), &in, &fault, NULL);
    must((rc.code == SPH_EREFUSED) == (fault.rule != NULL));
    if (rc.code != SPH_OK)
        return 0;
    check_kinds(in);
    check_receipt(in);
    in->is_verified = true;
    check_receipt(in);
    check_errors(in);
    return 0;
}
