#include "evidence/verify.h"

#include "evidence/verify_parts.h"

#define DASH "\xe2\x80\x94 " /* a signature line starts with U+2014 and a space */

static sph_slice without_space(sph_slice text)
{
    size_t at = 0;
    while (at < text.len && memchr(" \t\r\n", text.at[at], 4))
        at++;
    return sph_slice_sub(text, at, SIZE_MAX);
}

static bool is_xml(sph_slice octets)
{
    const sph_slice bare = sph_slice_starts(octets, SPH_LIT("\xef\xbb\xbf"))
                               ? sph_slice_sub(octets, 3, SIZE_MAX)
                               : octets;
    return sph_slice_starts(without_space(bare), SPH_LIT("<"));
}

static bool is_json(sph_slice octets)
{
    return sph_slice_starts(without_space(octets), SPH_LIT("{"));
}

static bool is_proof(sph_slice octets)
{
    return sph_slice_starts(octets, SPH_LIT("c2sp.org/tlog-proof@v1\n")) || is_json(octets);
}

static bool is_checkpoint(sph_slice octets)
{
    return sph_slice_find(octets, SPH_LIT("\n\n" DASH), 0) != SIZE_MAX;
}

static bool is_cosignature(sph_slice octets)
{
    return sph_slice_starts(octets, SPH_LIT(DASH));
}

static bool is_certificate(sph_slice octets)
{
    return sph_slice_starts(octets, SPH_LIT("-----BEGIN CERTIFICATE-----"));
}

static bool is_vkey(sph_slice octets)
{
    sph_vkey vkey;
    const size_t end = sph_slice_find(octets, SPH_LIT("\n"), 0);
    return sph_vkey_parse(sph_slice_sub(octets, 0, end), &vkey, NULL).code == SPH_OK;
}

/* A document is called a packet until its body says that it is a card. */
enum sph_evidence_kind sph_evidence_recognise(sph_slice octets)
{
    static const struct {
        bool (*is)(sph_slice octets);
        enum sph_evidence_kind kind;
    } table[] = {
        {is_xml, SPH_EVIDENCE_PACKET},
        {is_proof, SPH_EVIDENCE_PROOF},
        {is_cosignature, SPH_EVIDENCE_COSIGNATURE},
        {is_checkpoint, SPH_EVIDENCE_CHECKPOINT},
        {is_certificate, SPH_EVIDENCE_CERTIFICATE},
        {is_vkey, SPH_EVIDENCE_VKEY},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (table[i].is(octets))
            return table[i].kind;
    return SPH_EVIDENCE_UNKNOWN;
}

/* Of a kind that proves nothing by itself: say where it belongs. */
static sph_rc refuse(enum sph_evidence_kind kind, sph_verdict *verdict)
{
    static const char *const keys[SPH_EVIDENCE_KIND_COUNT] = {
        [SPH_EVIDENCE_UNKNOWN] = "evidence.unknown",
        [SPH_EVIDENCE_COSIGNATURE] = "evidence.cosignature-alone",
        [SPH_EVIDENCE_CERTIFICATE] = "evidence.trust-alone",
        [SPH_EVIDENCE_VKEY] = "evidence.trust-alone",
    };
    sph_verdict_set_kind(verdict, kind);
    sph_verdict_say(verdict, SPH_LINE_MISSING, keys[kind], NULL, NULL);
    return sph_ok();
}

static sph_rc verify_document(sph_slice octets, const struct sph_verify_context *context,
                              sph_verdict *verdict, sph_err *err)
{
    return sph_verify_xml(octets, context, verdict, NULL, err);
}

static sph_rc dispatch(sph_slice octets, const struct sph_verify_context *context,
                       sph_verdict *verdict, sph_err *err)
{
    const enum sph_evidence_kind kind = sph_evidence_recognise(octets);
    static sph_rc (*const checks[SPH_EVIDENCE_KIND_COUNT])(
        sph_slice, const struct sph_verify_context *, sph_verdict *, sph_err *) = {
        [SPH_EVIDENCE_PACKET] = verify_document,
        [SPH_EVIDENCE_CHECKPOINT] = sph_verify_checkpoint,
        [SPH_EVIDENCE_PROOF] = sph_verify_proof,
    };
    if (kind == SPH_EVIDENCE_PROOF && is_json(octets))
        return sph_verify_proof_json(octets, context, verdict, err);
    return checks[kind] ? checks[kind](octets, context, verdict, err) : refuse(kind, verdict);
}

sph_rc sph_verify_file(sph_slice octets, const struct sph_verify_context *context,
                       sph_verdict **out, sph_err *err)
{
    SPH_AUTO_PTR(sph_verdict) *verdict = NULL;
    SPH_TRY(sph_verdict_new(&verdict, err), err, "verdict");
    if (octets.len > SPH_VERIFY_FILE_MAX)
        sph_verdict_say(verdict, SPH_LINE_MISSING, "evidence.too-large", NULL, NULL);
    else
        SPH_TRY(dispatch(octets, context, verdict, err), err, "file");
    *out = sph_move(verdict);
    return sph_ok();
}
