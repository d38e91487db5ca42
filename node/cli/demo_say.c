#include "cli/demo.h"

#include "cli/demo_files.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

sph_rc sph_demo_sleep(struct sph_demo *demo, int ms, sph_err *err)
{
    /* The demo's signals are blocked and taken here: it is stopped between two acts, never within
     * one. */
    sigset_t set;
    const struct timespec wait = {ms / 1000, (long)(ms % 1000) * 1000000};
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    if (demo->is_stopped || sigtimedwait(&set, NULL, &wait) > 0) {
        demo->is_stopped = true;
        return sph_fail(err, SPH_ECANCELLED, "stopped");
    }
    return sph_ok();
}

sph_rc sph_demo_step(struct sph_demo *demo, const char *key, sph_err *err)
{
    char number[12];
    SPH_TRY(sph_demo_sleep(demo, 0, err), err, "step");
    SPH_TRY(sph_str_format(number, sizeof(number), err, "%u", ++demo->step), err, "step");
    SPH_AUTO(sph_buf) text = sph_buf_init(4096);
    SPH_TRY(sph_text_format(demo->cli->lang, key, NULL, 0, &text, err), err, "step");
    if (!demo->cli->is_quiet && !demo->cli->is_json)
        printf("\n%2s  %s\n", number, sph_buf_text(&text));
    fflush(stdout);
    return sph_ok();
}

void sph_demo_line(const struct sph_demo *demo, enum sph_mark mark, const char *key,
                   const sph_arg *args, size_t count)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(8192);
    if (demo->cli->is_quiet || demo->cli->is_json ||
        sph_text_format(demo->cli->lang, key, args, count, &text, NULL).code != SPH_OK)
        return;
    printf("    %s  %s\n", sph_cli_mark(demo->cli, mark), sph_buf_text(&text));
    fflush(stdout);
}

sph_slice sph_demo_sample(const char *name)
{
    for (size_t i = 0; i < sph_demo_file_count; i++)
        if (sph_slice_is(sph_slice_str(name), sph_demo_files[i].name))
            return sph_slice_of(sph_demo_files[i].bytes, sph_demo_files[i].len);
    return (sph_slice){NULL, 0};
}
