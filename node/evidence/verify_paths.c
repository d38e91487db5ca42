/* From paths to a verdict: the only file of this folder that opens files, and it knows no format.
 */
#include "evidence/verify.h"

#include "ledger/leaf.h"

/* Everything that is loaded for one verdict. */
struct inputs {
    sph_buf file, leaf;
    struct sph_schemas schemas;
    sph_trust trust[SPH_VERIFY_TRUST_MAX];
    size_t trust_count;
};

static void inputs_free(struct inputs **inputs)
{
    if (!*inputs)
        return;
    sph_buf_clear(&(*inputs)->file);
    sph_buf_clear(&(*inputs)->leaf);
    sph_schemas_clear(&(*inputs)->schemas);
    for (size_t i = 0; i < (*inputs)->trust_count; i++)
        sph_trust_clear(&(*inputs)->trust[i]);
    sph_mem_free(*inputs);
    *inputs = NULL;
}

/* false in *is_there: said in the verdict. */
static sph_rc load(const sph_files *files, const char *path, sph_buf *to, sph_verdict *verdict,
                   bool *is_there, sph_err *err)
{
    const sph_rc rc = sph_file_load(files, path, to, NULL);
    *is_there = rc.code == SPH_OK;
    if (rc.code == SPH_ENOMEM)
        return sph_fail(err, rc.code, "file");
    if (!*is_there)
        sph_verdict_say(verdict, SPH_LINE_MISSING,
                        rc.code == SPH_ELIMIT ? "evidence.too-large" : "evidence.no-file", path,
                        NULL);
    return sph_ok();
}

static sph_rc load_trust(const sph_files *files, const char *path,
                         const struct sph_verify_context *context, struct inputs *to,
                         sph_verdict *verdict, sph_err *err)
{
    bool is_there = false;
    SPH_AUTO(sph_buf) octets = sph_buf_init((size_t)context->limits->card);
    SPH_TRY(load(files, path, &octets, verdict, &is_there, err), err, "trust");
    if (!is_there)
        return sph_ok();
    const sph_rc rc =
        sph_trust_read(sph_buf_peek(&octets), context, &to->trust[to->trust_count], NULL);
    if (rc.code == SPH_ENOMEM)
        return sph_fail(err, rc.code, "trust");
    to->trust_count += rc.code == SPH_OK;
    if (rc.code != SPH_OK)
        sph_verdict_say(verdict, rc.code == SPH_EPROOF ? SPH_LINE_FAILED : SPH_LINE_MISSING,
                        rc.code == SPH_EPROOF ? "evidence.trust-broken" : "evidence.trust-unusable",
                        path, NULL);
    return sph_ok();
}

/* Everything but the file itself; what is wrong is in the verdict. */
static sph_rc load_inputs(const sph_files *files, const struct sph_verify_paths *paths,
                          struct sph_verify_context *context, struct inputs *to,
                          sph_verdict *verdict, sph_err *err)
{
    bool is_there = false;
    SPH_TRY(sph_schemas_load(&to->schemas, err), err, "schemas");
    context->schemas = &to->schemas;
    for (size_t i = 0; i < paths->trust_count; i++)
        SPH_TRY(load_trust(files, paths->trust[i], context, to, verdict, err), err, "trust");
    if (paths->leaf)
        SPH_TRY(load(files, paths->leaf, &to->leaf, verdict, &is_there, err), err, "leaf");
    context->trust = to->trust;
    context->trust_count = to->trust_count;
    context->leaf = sph_buf_peek(&to->leaf);
    return load(files, paths->file, &to->file, verdict, &is_there, err);
}

sph_rc sph_verify_paths(const sph_files *files, const struct sph_verify_paths *paths,
                        int64_t now_ms, sph_verdict **out, sph_err *err)
{
    __attribute__((cleanup(inputs_free))) struct inputs *inputs = sph_mem_new(1, sizeof(*inputs));
    SPH_AUTO_PTR(sph_verdict) *verdict = NULL;
    struct sph_verify_context context = {.limits = sph_limits_default(), .now_ms = now_ms};
    if (!inputs)
        return sph_fail(err, SPH_ENOMEM, "inputs");
    inputs->file = sph_buf_init(SPH_VERIFY_FILE_MAX);
    inputs->leaf = sph_buf_init(SPH_LEAF_MAX);
    SPH_TRY(sph_verdict_new(&verdict, err), err, "verdict");
    SPH_TRY(load_inputs(files, paths, &context, inputs, verdict, err), err, "files");
    if (sph_verdict_count(verdict) > 0) {
        *out = sph_move(verdict);
        return sph_ok();
    }
    return sph_verify_file(sph_buf_peek(&inputs->file), &context, out, err);
}
