#include "cli/input.h"
#include "cli/order.h"
#include "cli/view.h"

static void print_check(const sph_cli *cli, const sph_json *json)
{
    const sph_json *findings = sph_json_get(json, "findings");
    const char *kind = sph_view_get(json, "kind");
    const char *key = sph_slice_is(sph_slice_str(kind), "judgment") ? "cli.check.judgment"
                      : kind[0]                                     ? "cli.check.packet"
                                                                    : "cli.check.draft";
    sph_view_say(
        cli, SPH_MARK_OK, key,
        SPH_ARGS({"title", sph_view_get(json, "title")}, {"date", sph_view_get(json, "date")}));
    if (sph_json_count(findings) > 0)
        sph_cli_say(cli, "cli.check.notes", NULL, 0);
    sph_view_findings(cli, findings);
}

/** A draft names its addressees in its header; without them it is checked as a publication. */
static sph_rc add_audience(sph_order *order, sph_err *err)
{
    static const char *const groups[] = {"all", "gov", "ngo", "legal-aid", "la-gov", "th-gov"};
    const sph_json *audience = sph_json_get(order->header, "audience");
    sph_json *to = sph_json_array();
    SPH_TRY(sph_json_set(order->whole, "to", to, err), err, "addressees");
    for (size_t i = 0; i < sph_json_count(audience); i++) {
        const char *party = sph_json_as_text(sph_json_at(audience, i));
        bool is_group = !party;
        for (size_t n = 0; !is_group && n < sizeof(groups) / sizeof(groups[0]); n++)
            is_group = sph_slice_is(sph_slice_str(party), groups[n]);
        if (!is_group)
            SPH_TRY(sph_json_add(to, sph_json_text(party), err), err, "addressees");
    }
    return sph_ok();
}

static enum sph_exit check_draft(sph_cli *cli, const struct sph_view *view)
{
    SPH_AUTO(sph_order) order = {.whole = NULL};
    sph_json *json = NULL;
    sph_err err = {0};
    const enum sph_exit code = sph_input_json(cli, cli->arg[0], &json);
    if (code != SPH_EXIT_DONE)
        return code;
    sph_order_init_json(cli, &json, &order);
    if (add_audience(&order, &err).code != SPH_OK)
        return sph_cli_failed(cli, &err);
    const sph_ask ask = {.method = "POST", .target = "/api/1/packets/check", .body = order.whole};
    return sph_view(cli, &ask, view);
}

enum sph_exit sph_cmd_check(sph_cli *cli)
{
    static const struct sph_view view = {.print = print_check};
    const sph_ask ask = {.method = "POST",
                         .target = "/api/1/packets/check",
                         .file = cli->arg[0],
                         .content_type = "application/xml"};
    const enum sph_input_form form = sph_input_form_of(cli->arg[0]);
    if (form == SPH_INPUT_UNREADABLE)
        return sph_cli_usage(cli, "cli.file-unreadable", SPH_ARGS({"file", cli->arg[0]}));
    if (form == SPH_INPUT_JSON)
        return check_draft(cli, &view);
    return sph_view(cli, &ask, &view);
}
