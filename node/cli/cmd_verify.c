/* saphan verify FILE: what a file is and whether it holds; no node, no home, no network. */
#include <stdio.h>

#include "base/env.h"
#include "cli/cli.h"
#include "evidence/verify.h"

static sph_rc print(const sph_cli *cli, const sph_verdict *verdict, sph_err *err)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(1 << 18);
    SPH_AUTO_PTR(sph_json) *json = NULL;
    const struct sph_verdict_marks marks = {.ok = sph_cli_mark(cli, SPH_MARK_OK),
                                            .bad = sph_cli_mark(cli, SPH_MARK_BAD),
                                            .note = sph_cli_mark(cli, SPH_MARK_WAIT)};
    if (cli->is_json) {
        SPH_TRY(sph_verdict_json(verdict, cli->lang, &json, err), err, "verdict");
        SPH_TRY(sph_json_print(json, false, &text, err), err, "verdict");
        printf("%s\n", sph_buf_text(&text));
        return sph_ok();
    }
    SPH_TRY(sph_verdict_text(verdict, cli->lang, &marks, &text, err), err, "verdict");
    if (!cli->is_quiet)
        printf("%s", sph_buf_text(&text));
    return sph_ok();
}

static sph_rc judge(const sph_cli *cli, const struct sph_verify_paths *paths, enum sph_exit *code,
                    sph_err *err)
{
    sph_files *files = NULL;
    SPH_AUTO_PTR(sph_verdict) *verdict = NULL;
    SPH_TRY(sph_files_real_new("/", &files, err), err, "files");
    const sph_rc rc = sph_verify_paths(files, paths, sph_clock_real()->now_ms(NULL), &verdict, err);
    sph_files_real_free(&files);
    SPH_TRY(rc, err, "verify");
    SPH_TRY(print(cli, verdict, err), err, "verify");
    *code = (enum sph_exit)sph_verdict_exit(verdict);
    return sph_ok();
}

enum sph_exit sph_cmd_verify(sph_cli *cli)
{
    sph_err err = {.depth = 0};
    enum sph_exit code = SPH_EXIT_FAILED;
    struct sph_verify_paths paths = {.file = cli->arg[0], .leaf = sph_cli_option(cli, "--leaf", 0)};
    const char *trust = NULL;
    while ((trust = sph_cli_option(cli, "--trust", paths.trust_count))) {
        if (paths.trust_count == SPH_VERIFY_TRUST_MAX)
            return sph_cli_usage(cli, "evidence.too-many-trusts", NULL, 0);
        paths.trust[paths.trust_count++] = trust;
    }
    return judge(cli, &paths, &code, &err).code == SPH_OK ? code : sph_cli_failed(cli, &err);
}
