#include "as4/build.h"

#include "as4/envelope.h"
#include "as4/wss.h"

#define SIGNAL_MAX 262144u
#define PROOF_MAX 32768u /* as4.md 15.2 */

struct signal_draft {
    const char *message_id, *ref_to;
    int64_t now_ms;
    void (*write)(sph_xml_writer *w, const struct signal_draft *draft);
    const sph_dsig *dsig; /* receipt: the user message's signature */
    sph_slice ledger_proof;
    const struct sph_as4_error_info *error;
    const char *mpc;                 /* pull */
    const struct signal_draft *also; /* bundled behind it; NULL for none */
};

static void write_signal(sph_xml_writer *w, const void *what)
{
    for (const struct signal_draft *draft = what; draft != NULL; draft = draft->also) {
        sph_xml_open(w, "eb:SignalMessage");
        sph_as4_write_info(w, draft->now_ms, draft->message_id, draft->ref_to);
        draft->write(w, draft);
        sph_xml_close(w);
    }
}

static sph_rc build(const struct signal_draft *signal, enum sph_suite suite,
                    const sph_as4_signer *signer, const sph_random *random, sph_buf *out,
                    sph_err *err)
{
    const struct sph_as4_draft draft = {
        .write = write_signal, .what = signal, .signer = signer, .suite = suite, .random = random};
    SPH_AUTO(sph_buf) text = sph_buf_init(SIGNAL_MAX);
    SPH_TRY(sph_as4_envelope(&draft, &text, NULL, err), err, "signal");
    return sph_buf_add(out, sph_buf_peek(&text), err);
}

/* ------------------------------------------------------------------ receipt */

/** as4.md 9: every ds:Reference of the user message, nothing resolved, nothing computed anew. */
static void write_receipt(sph_xml_writer *w, const struct signal_draft *draft)
{
    sph_xml_open(w, "eb:Receipt");
    sph_xml_open(w, "ebbp:NonRepudiationInformation");
    for (size_t i = 0; i < sph_dsig_ref_count(draft->dsig); i++) {
        sph_xml_open(w, "ebbp:MessagePartNRInformation");
        sph_as4_write_ref(w, sph_dsig_ref_at(draft->dsig, i));
        sph_xml_close(w);
    }
    sph_xml_close(w);
    if (draft->ledger_proof.len > 0)
        sph_xml_raw(w, draft->ledger_proof);
    sph_xml_close(w);
}

static sph_rc build_receipt(const sph_dsig *dsig, const char *ref_to, const char *message_id,
                            int64_t now_ms, sph_slice ledger_proof, enum sph_suite suite,
                            const sph_as4_signer *signer, const sph_random *random, sph_buf *out,
                            sph_err *err)
{
    if (ledger_proof.len > PROOF_MAX)
        return sph_fail(err, SPH_ELIMIT, "ledger proof of %zu octets", ledger_proof.len);
    if (signer == NULL)
        return sph_fail(err, SPH_EARG, "a receipt is always signed");
    const struct signal_draft draft = {.message_id = message_id,
                                       .ref_to = ref_to,
                                       .now_ms = now_ms,
                                       .write = write_receipt,
                                       .dsig = dsig,
                                       .ledger_proof = ledger_proof};
    return build(&draft, suite, signer, random, out, err);
}

sph_rc sph_as4_build_receipt(const sph_as4_in *of, const char *message_id, int64_t now_ms,
                             sph_slice ledger_proof, enum sph_suite suite,
                             const sph_as4_signer *signer, const sph_random *random, sph_buf *out,
                             sph_err *err)
{
    if (!of->is_verified || of->kind != SPH_AS4_USER)
        return sph_fail(err, SPH_EARG, "a receipt needs a verified user message");
    return build_receipt(of->dsig, of->unit[SPH_AS4_USER].message_id, message_id, now_ms,
                         ledger_proof, suite, signer, random, out, err);
}

sph_rc sph_as4_build_receipt_from_root(sph_slice user_root, const char *message_id, int64_t now_ms,
                                       sph_slice ledger_proof, enum sph_suite suite,
                                       const sph_as4_signer *signer, const sph_random *random,
                                       sph_buf *out, sph_err *err)
{
    sph_as4_fault fault;
    struct sph_wss wss;
    SPH_AUTO_PTR(sph_as4_in) *in = NULL;
    SPH_AUTO_PTR(sph_dsig) *dsig = NULL;
    /* The octets were verified before they were stored; here they are only read again. */
    SPH_TRY(sph_as4_open_root(user_root, sph_limits_default(), &in, &fault, err), err,
            "stored user message");
    if (in->kind != SPH_AS4_USER)
        return sph_fail(err, SPH_EARG, "not a user message");
    SPH_TRY(sph_wss_read(in, &wss, &fault, err), err, "stored user message");
    SPH_TRY(sph_dsig_read(wss.signature, MAX_PARTS + 2, false, &dsig, err), err,
            "stored user message");
    return build_receipt(dsig, in->unit[SPH_AS4_USER].message_id, message_id, now_ms, ledger_proof,
                         suite, signer, random, out, err);
}

/* ------------------------------------------------------------------ error */

static const char *origin_of(enum sph_ebms code)
{
    if (code >= SPH_EBMS_0202)
        return "reliability";
    return code >= SPH_EBMS_0101 ? "security" : "ebMS";
}

static void write_error(sph_xml_writer *w, const struct signal_draft *draft)
{
    const struct sph_as4_error_info *e = draft->error;
    sph_xml_open(w, "eb:Error");
    sph_xml_set(w, "category", sph_ebms_category(e->code));
    sph_xml_set(w, "errorCode", sph_ebms_code(e->code));
    sph_xml_set(w, "origin", origin_of(e->code));
    sph_xml_set(w, "refToMessageInError", e->ref_to);
    sph_xml_set(w, "severity", sph_ebms_is_warning(e->code) ? "warning" : "failure");
    sph_xml_set(w, "shortDescription", sph_ebms_name(e->code));
    sph_xml_leaf(w, "eb:ErrorDetail", e->detail);
    sph_xml_close(w);
}

sph_rc sph_as4_build_error(const struct sph_as4_error_info *error, const char *message_id,
                           int64_t now_ms, enum sph_suite suite, const sph_as4_signer *signer,
                           const sph_random *random, sph_buf *out, sph_err *err)
{
    if (sph_ebms_code(error->code)[0] == 0)
        return sph_fail(err, SPH_EARG, "no such ebMS code");
    const struct signal_draft draft = {.message_id = message_id,
                                       .ref_to = error->ref_to,
                                       .now_ms = now_ms,
                                       .write = write_error,
                                       .error = error};
    return build(&draft, suite, signer, random, out, err);
}

/* ------------------------------------------------------------------ pull */

static void write_pull(sph_xml_writer *w, const struct signal_draft *draft)
{
    sph_xml_open(w, "eb:PullRequest");
    sph_xml_set(w, "mpc", draft->mpc);
    sph_xml_close(w);
}

sph_rc sph_as4_build_pull(const char *mpc, const char *message_id, int64_t now_ms,
                          enum sph_suite suite, const sph_as4_signer *signer,
                          const sph_random *random, sph_buf *out, sph_err *err)
{
    if (signer == NULL || mpc == NULL)
        return sph_fail(err, SPH_EARG, "a pull request is always signed and names its channel");
    const struct signal_draft draft = {
        .message_id = message_id, .now_ms = now_ms, .write = write_pull, .mpc = mpc};
    return build(&draft, suite, signer, random, out, err);
}

sph_rc sph_as4_build_pull_with_receipt(const char *mpc, const char *message_id,
                                       const sph_as4_in *of, const char *receipt_id, int64_t now_ms,
                                       sph_slice ledger_proof, enum sph_suite suite,
                                       const sph_as4_signer *signer, const sph_random *random,
                                       sph_buf *out, sph_err *err)
{
    if (signer == NULL || mpc == NULL)
        return sph_fail(err, SPH_EARG, "a pull request is always signed and names its channel");
    if (!of->is_verified || of->kind != SPH_AS4_USER || ledger_proof.len > PROOF_MAX)
        return sph_fail(err, SPH_EARG, "a receipt needs a verified user message");
    const struct signal_draft receipt = {.message_id = receipt_id,
                                         .ref_to = of->unit[SPH_AS4_USER].message_id,
                                         .now_ms = now_ms,
                                         .write = write_receipt,
                                         .dsig = of->dsig,
                                         .ledger_proof = ledger_proof};
    const struct signal_draft draft = {.message_id = message_id,
                                       .now_ms = now_ms,
                                       .write = write_pull,
                                       .mpc = mpc,
                                       .also = &receipt};
    return build(&draft, suite, signer, random, out, err);
}

/* ------------------------------------------------------------------ ledger proof */

sph_rc sph_as4_ledger_proof_write(sph_slice leaf, sph_slice tlog_proof, sph_buf *out, sph_err *err)
{
    static const struct sph_xml_prefix prefixes[] = {{"sl", NS_SL}, {NULL, NULL}};
    SPH_AUTO(sph_buf) text = sph_buf_init(PROOF_MAX);
    SPH_AUTO_PTR(sph_xml_writer) *w = NULL;
    SPH_TRY(sph_xml_writer_new(prefixes, &text, &w, err), err, "ledger proof");
    sph_xml_fragment(w);
    sph_xml_open(w, "sl:LedgerProof");
    sph_xml_leaf_base64(w, "sl:Leaf", leaf);
    sph_xml_leaf_base64(w, "sl:Proof", tlog_proof);
    sph_xml_close(w);
    SPH_TRY(sph_xml_writer_end(w, err), err, "ledger proof");
    return sph_buf_add(out, sph_buf_peek(&text), err);
}
