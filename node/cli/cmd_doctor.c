#include "cli/view.h"

static bool is_state(const sph_json *row, const char *state)
{
    return sph_slice_is(sph_slice_str(sph_view_get(row, "state")), state);
}

/** The exit code is that of the worst finding: a warning does not fail. */
static enum sph_exit judge(const sph_json *json)
{
    const sph_json *list = sph_json_get(json, "checks");
    for (size_t i = 0; i < sph_json_count(list); i++)
        if (is_state(sph_json_at(list, i), "bad"))
            return SPH_EXIT_FAILED;
    return SPH_EXIT_DONE;
}

static void print_checks(const sph_cli *cli, const sph_json *json)
{
    const sph_json *list = sph_json_get(json, "checks");
    size_t open = 0;
    for (size_t i = 0; i < sph_json_count(list); i++) {
        const sph_json *row = sph_json_at(list, i);
        const char *todo = sph_json_get_text(row, "do");
        const enum sph_mark mark = is_state(row, "ok")    ? SPH_MARK_OK
                                   : is_state(row, "bad") ? SPH_MARK_BAD
                                                          : SPH_MARK_WAIT;
        sph_view_say(cli, mark, "cli.line", SPH_ARGS({"text", sph_view_get(row, "text")}));
        if (todo)
            sph_view_line(cli, "    ", todo);
        open += mark != SPH_MARK_OK;
    }
    if (open == 0)
        sph_cli_say(cli, "cli.doctor.healthy", NULL, 0);
}

enum sph_exit sph_cmd_doctor(sph_cli *cli)
{
    static const struct sph_view view = {.print = print_checks, .judge = judge};
    const sph_ask ask = {.method = "GET", .target = "/api/1/node/doctor"};
    return sph_view(cli, &ask, &view);
}
