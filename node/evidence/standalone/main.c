/* saphan-verify: the offline verifier alone, for auditors. It is linked from base, crypto, xml,
 * packet, as4, ledger and evidence only, so it can reach neither a node's store nor a network.
 *
 *      saphan-verify FILE [--trust FILE]… [--leaf FILE] [--json] [--lang lo|th|en]
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "crypto/digest.h"
#include "evidence/verify.h"
#include "xml/xml.h"

enum { EXIT_UNUSABLE = 1, EXIT_USAGE = 2 };

struct run {
    struct sph_verify_paths paths;
    enum sph_lang lang;
    bool is_json, has_fault;
};

static void set_file(struct run *run, const char *value)
{
    run->has_fault |= run->paths.file != NULL;
    run->paths.file = value;
}

static void set_trust(struct run *run, const char *value)
{
    run->has_fault |= run->paths.trust_count == SPH_VERIFY_TRUST_MAX;
    if (!run->has_fault)
        run->paths.trust[run->paths.trust_count++] = value;
}

static void set_leaf(struct run *run, const char *value)
{
    run->paths.leaf = value;
}

static void set_lang(struct run *run, const char *value)
{
    run->lang = sph_lang_of(value);
}

static void set_json(struct run *run, const char *value)
{
    (void)value;
    run->is_json = true;
}

static const struct option {
    const char *name;
    bool has_value;
    void (*set)(struct run *run, const char *value);
} options[] = {{"--trust", true, set_trust},
               {"--leaf", true, set_leaf},
               {"--lang", true, set_lang},
               {"--json", false, set_json}};

static const struct option *find_option(const char *name)
{
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (strcmp(options[i].name, name) == 0)
            return &options[i];
    return NULL;
}

static void read_arguments(int argc, char **argv, struct run *run)
{
    const char *lang = getenv("SAPHAN_LANG");
    run->lang = sph_lang_of(lang ? lang : getenv("LANG"));
    for (int i = 1; i < argc && !run->has_fault; i++) {
        const struct option *option = find_option(argv[i]);
        const bool is_missing = option && option->has_value && i + 1 == argc;
        run->has_fault |= is_missing || (!option && argv[i][0] == '-');
        if (run->has_fault)
            break;
        if (!option)
            set_file(run, argv[i]);
        else
            option->set(run, option->has_value ? argv[++i] : NULL);
    }
    run->has_fault |= run->paths.file == NULL;
}

static sph_rc print(const struct run *run, const sph_verdict *verdict, sph_err *err)
{
    static const struct sph_verdict_marks marks = {"ok", "!!", ".."};
    SPH_AUTO(sph_buf) text = sph_buf_init(1 << 18);
    SPH_AUTO_PTR(sph_json) *json = NULL;
    if (run->is_json) {
        SPH_TRY(sph_verdict_json(verdict, run->lang, &json, err), err, "verdict");
        SPH_TRY(sph_json_print(json, false, &text, err), err, "verdict");
        SPH_TRY(sph_buf_add_byte(&text, '\n', err), err, "verdict");
    } else {
        SPH_TRY(sph_verdict_text(verdict, run->lang, &marks, &text, err), err, "verdict");
    }
    return fputs(sph_buf_text(&text), stdout) >= 0 && fflush(stdout) == 0
               ? sph_ok()
               : sph_fail(err, SPH_EIO, "standard output");
}

static sph_rc judge(const struct run *run, int *code, sph_err *err)
{
    sph_files *files = NULL;
    SPH_AUTO_PTR(sph_verdict) *verdict = NULL;
    SPH_TRY(sph_files_real_new("/", &files, err), err, "files");
    const sph_rc rc =
        sph_verify_paths(files, &run->paths, sph_clock_real()->now_ms(NULL), &verdict, err);
    sph_files_real_free(&files);
    SPH_TRY(rc, err, "verify");
    SPH_TRY(print(run, verdict, err), err, "verify");
    *code = sph_verdict_exit(verdict);
    return sph_ok();
}

static sph_rc start(sph_err *err)
{
    prctl(PR_SET_DUMPABLE, 0);
    sph_xml_start();
    return sph_crypto_start(err);
}

int main(int argc, char **argv)
{
    struct run run = {.is_json = false};
    sph_err err = {.depth = 0};
    int code = EXIT_UNUSABLE;
    read_arguments(argc, argv, &run);
    if (run.has_fault) {
        fprintf(stderr, "%s\n", sph_text(run.lang, "evidence.usage"));
        return EXIT_USAGE;
    }
    if (start(&err).code != SPH_OK || judge(&run, &code, &err).code != SPH_OK) {
        fprintf(stderr, "%s\n", err.frame[0].what);
        code = EXIT_UNUSABLE;
    }
    sph_crypto_stop();
    sph_xml_stop();
    return code;
}
