/* Checkpoints: the log's signature and the cosignatures of witnesses (ledger.md 5). */
#include "base/codec.h"
#include "evidence/verify_parts.h"

/* The trust whose log key has this name, NULL when none has. */
static const sph_trust *find_log(const struct sph_verify_context *context, const char *origin,
                                 const sph_vkey **key)
{
    for (size_t i = 0; i < context->trust_count; i++) {
        const sph_trust *trust = &context->trust[i];
        for (size_t k = 0; k < trust->key_count; k++) {
            if (trust->key[k].type != SPH_VKEY_LOG || strcmp(trust->key[k].name, origin) != 0)
                continue;
            *key = &trust->key[k];
            return trust;
        }
    }
    return NULL;
}

static bool has_log_key(const struct sph_verify_context *context)
{
    for (size_t i = 0; i < context->trust_count; i++)
        for (size_t k = 0; k < context->trust[i].key_count; k++)
            if (context->trust[i].key[k].type == SPH_VKEY_LOG)
                return true;
    return false;
}

static sph_rc say_facts(const sph_checkpoint *head, sph_verdict *verdict, sph_err *err)
{
    SPH_AUTO(sph_buf) root = sph_buf_init(64);
    SPH_TRY(sph_base64_encode(sph_slice_hash(&head->root), &root, err), err, "root");
    sph_verdict_fact(verdict, "evidence.fact.origin", "origin", head->origin);
    sph_verdict_fact_number(verdict, "evidence.fact.size", "size", head->size);
    sph_verdict_fact(verdict, "evidence.fact.root", "root", sph_buf_text(&root));
    return sph_ok();
}

/* A line by a known key that fails spoils the note, whoever else signed it (ledger.md 5). `log` has
 * signed it, so that a refusal can only come from another known key. */
static sph_rc check_known(sph_slice note, const sph_vkey *log, const sph_trust *trust, sph_err *err)
{
    sph_slice text;
    sph_vkey known[SPH_TRUST_KEY_MAX + 1];
    known[0] = *log;
    for (size_t i = 0; i < trust->key_count; i++)
        known[i + 1] = trust->key[i];
    return sph_note_verify(note, known, trust->key_count + 1, &text, err);
}

static sph_rc check_lines(sph_slice note, const sph_vkey *log,
                          const struct sph_verify_context *context, sph_err *err)
{
    sph_checkpoint again;
    SPH_TRY(sph_checkpoint_verify(note, log, &again, err), err, "log");
    for (size_t i = 0; i < context->trust_count; i++)
        SPH_TRY(check_known(note, log, &context->trust[i], err), err, "known keys");
    return sph_ok();
}

/* The line as a cosignature by one of these keys. Whether it holds was asked before. */
static sph_rc say_cosignature(sph_slice line, sph_slice text, const sph_trust *trust, size_t *count,
                              sph_verdict *verdict, sph_err *err)
{
    for (size_t i = 0; i < trust->key_count; i++) {
        int64_t seconds = 0;
        if (trust->key[i].type != SPH_VKEY_COSIGNATURE)
            continue;
        const sph_rc rc = sph_cosignature_verify(line, &trust->key[i], text, &seconds, NULL);
        if (sph_verify_is_fatal(rc))
            return sph_fail(err, rc.code, "cosignature");
        if (rc.code != SPH_OK || seconds > INT64_MAX / 1000)
            continue;
        sph_verdict_say_time(verdict, SPH_LINE_CHECKED, "evidence.head.cosigned",
                             trust->key[i].name, seconds * 1000);
        (*count)++;
    }
    return sph_ok();
}

static sph_rc say_cosignatures(sph_slice text, sph_slice lines,
                               const struct sph_verify_context *context, sph_verdict *verdict,
                               sph_err *err)
{
    size_t count = 0;
    while (lines.len > 0) {
        const size_t end = sph_slice_find(lines, SPH_LIT("\n"), 0);
        const sph_slice line = sph_slice_sub(lines, 0, end);
        lines = end == SIZE_MAX ? sph_slice_of(NULL, 0) : sph_slice_sub(lines, end + 1, SIZE_MAX);
        for (size_t i = 0; i < context->trust_count; i++)
            SPH_TRY(say_cosignature(line, text, &context->trust[i], &count, verdict, err), err,
                    "cosignatures");
    }
    if (count == 0)
        sph_verdict_say(verdict, SPH_LINE_NOTED, "evidence.head.not-cosigned", NULL, NULL);
    sph_verdict_say(verdict, SPH_LINE_LIMIT,
                    count ? "evidence.limit.head-cosigned" : "evidence.limit.head", NULL, NULL);
    return sph_ok();
}

/* Which key counts, and does its line hold? *signer stays NULL unless it does. */
static sph_rc check_log(sph_slice note, const struct sph_verify_context *context,
                        const char *origin, sph_verdict *verdict, const sph_trust **signer,
                        sph_err *err)
{
    const sph_vkey *key = NULL;
    const sph_trust *trust = find_log(context, origin, &key);
    if (!trust) {
        const bool is_other = has_log_key(context);
        sph_verdict_say(verdict, is_other ? SPH_LINE_FAILED : SPH_LINE_MISSING,
                        is_other ? "evidence.head.other-log" : "evidence.head.no-key", origin,
                        NULL);
        return sph_ok();
    }
    const sph_rc rc = check_lines(note, key, context, NULL);
    if (sph_verify_is_fatal(rc))
        return sph_fail(err, rc.code, "checkpoint");
    if (rc.code != SPH_OK) {
        sph_verdict_say(verdict, SPH_LINE_FAILED, "evidence.head.broken", origin, NULL);
        return sph_ok();
    }
    const bool is_card = trust->kind == SPH_TRUST_CARD;
    sph_verdict_say(verdict, SPH_LINE_CHECKED, "evidence.head.signed", origin, NULL);
    sph_verdict_say(verdict, SPH_LINE_BASIS,
                    is_card ? "evidence.basis.log-card" : "evidence.basis.log-key", key->name,
                    trust->party);
    *signer = trust;
    return sph_ok();
}

/* Form alone. SPH_EPARSE, SPH_ELIMIT. */
static sph_rc read_note(sph_slice note, sph_checkpoint *head, sph_slice *text, sph_slice *lines,
                        sph_err *err)
{
    SPH_TRY(sph_checkpoint_parse(note, head, err), err, "checkpoint");
    return sph_note_split(note, text, lines, err);
}

sph_rc sph_verify_head(sph_slice note, const struct sph_verify_context *context,
                       sph_verdict *verdict, sph_checkpoint *head, const sph_trust **signer,
                       sph_err *err)
{
    sph_slice text, lines;
    *signer = NULL;
    const sph_rc rc = read_note(note, head, &text, &lines, NULL);
    if (sph_verify_is_fatal(rc))
        return sph_fail(err, rc.code, "checkpoint");
    if (rc.code != SPH_OK) {
        sph_verdict_say(verdict, SPH_LINE_MISSING, "evidence.head.form", NULL, NULL);
        return sph_ok();
    }
    SPH_TRY(say_facts(head, verdict, err), err, "checkpoint");
    SPH_TRY(check_log(note, context, head->origin, verdict, signer, err), err, "checkpoint");
    return *signer ? say_cosignatures(text, lines, context, verdict, err) : sph_ok();
}

sph_rc sph_verify_checkpoint(sph_slice note, const struct sph_verify_context *context,
                             sph_verdict *verdict, sph_err *err)
{
    sph_checkpoint head;
    const sph_trust *signer = NULL;
    sph_verdict_set_kind(verdict, SPH_EVIDENCE_CHECKPOINT);
    SPH_TRY(sph_verify_head(note, context, verdict, &head, &signer, err), err, "checkpoint");
    if (signer)
        sph_verdict_say(verdict, SPH_LINE_LIMIT, "evidence.limit.checkpoint", NULL, NULL);
    return sph_ok();
}
