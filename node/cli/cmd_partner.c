#include "cli/foreign.h"
#include "cli/input.h"
#include "cli/partner_list.h"
#include "cli/view.h"

#define CARD_MOST ((size_t)256 * 1024)
#define SAFETY_DIGITS 30U
#define PARTNERS "/api/1/partners/"

enum sph_exit sph_cmd_partner_card(sph_cli *cli)
{
    SPH_AUTO(sph_reply) reply = {.status = 0};
    const char *to = sph_cli_option(cli, "-o", 0);
    const sph_ask ask = {.method = "GET", .target = "/api/1/node/card", .save_to = to};
    enum sph_exit code = sph_input_new(cli, to);
    if (code == SPH_EXIT_DONE)
        code = sph_cli_ask(cli, &ask, &reply);
    if (code != SPH_EXIT_DONE)
        return code;
    if (to)
        sph_view_say(cli, SPH_MARK_OK, "cli.partner.card-saved", SPH_ARGS({"file", to}));
    else
        sph_cli_print_json(cli, &reply);
    return SPH_EXIT_DONE;
}

enum sph_exit sph_cmd_partner_list(sph_cli *cli)
{
    static const struct sph_view view = {.print = sph_cli_partner_list};
    const sph_ask ask = {.method = "GET", .target = "/api/1/partners"};
    return sph_view(cli, &ask, &view);
}

static void print_moment(const sph_cli *cli, const sph_json *json, const char *member,
                         const char *key)
{
    char text[SPH_VIEW_ROOM];
    if (sph_view_time(cli, json, member, text)[0])
        sph_cli_say(cli, key, SPH_ARGS({"time", text}));
}

static void print_clock(const sph_cli *cli, const sph_json *health)
{
    char text[24];
    const int64_t off_s = sph_json_get_int(health, "clockDifferenceSeconds", 0);
    if (!sph_json_get_bool(health, "isClockWrong", false) ||
        sph_str_format(text, sizeof(text), NULL, "%lld",
                       (long long)((off_s < 0 ? -off_s : off_s) / 60))
                .code != SPH_OK)
        return;
    sph_view_say(cli, SPH_MARK_WAIT, off_s > 0 ? "health.clock-ahead" : "health.clock-behind",
                 SPH_ARGS({"number", text}));
}

static void print_health(const sph_cli *cli, const sph_json *health)
{
    char number[SPH_VIEW_ROOM], time[SPH_VIEW_ROOM];
    const sph_json *failure = sph_json_get(health, "lastFailure");
    if (sph_json_get_int(health, "queued", 0) > 0)
        sph_cli_say(cli, "health.queue",
                    SPH_ARGS({"number", sph_view_number(health, "queued", number)},
                             {"time", sph_view_time(cli, health, "oldestQueued", time)}));
    if (sph_view_number(health, "certificateDaysLeft", number)[0])
        sph_cli_say(cli, "health.certificate", SPH_ARGS({"number", number}));
    print_clock(cli, health);
    if (failure)
        sph_view_say(cli, sph_json_get_bool(failure, "isOver", false) ? SPH_MARK_OK : SPH_MARK_WAIT,
                     "health.failure",
                     SPH_ARGS({"time", sph_view_time(cli, failure, "at", time)},
                              {"text", sph_view_get(failure, "text")}));
}

static void print_partner(const sph_cli *cli, const sph_json *json)
{
    sph_cli_say(cli, "cli.partner.who",
                SPH_ARGS({"party", sph_view_get(json, "party")}, {"name", sph_view_name(cli, json)},
                         {"kind", sph_view_label(cli, "party-kind", sph_view_get(json, "kind"))},
                         {"country", sph_view_get(json, "country")}));
    sph_cli_say(
        cli, "cli.partner.state",
        SPH_ARGS({"state", sph_view_label(cli, "partner-state", sph_view_get(json, "state"))}));
    if (sph_json_get(json, "pmode")) {
        sph_cli_foreign_print(cli, json);
    } else {
        sph_cli_say(cli, sph_view_get(json, "url")[0] ? "cli.partner.url" : "cli.partner.no-url",
                    SPH_ARGS({"url", sph_view_get(json, "url")}));
        if (sph_view_get(json, "via")[0])
            sph_cli_say(cli, "cli.partner.via", SPH_ARGS({"hub", sph_view_get(json, "via")}));
        sph_cli_say(cli, "cli.partner.safety",
                    SPH_ARGS({"number", sph_view_get(json, "safetyNumber")}));
    }
    print_moment(cli, json, "since", "cli.partner.since");
    print_moment(cli, json, "cardValidUntil", "cli.partner.valid");
    print_moment(cli, json, "lastHeard", "cli.partner.heard");
    print_moment(cli, json, "lastReached", "cli.partner.reached");
    print_health(cli, sph_json_get(json, "health"));
}

enum sph_exit sph_cmd_partner_show(sph_cli *cli)
{
    static const struct sph_view view = {.print = print_partner};
    return sph_view_id(cli, "GET", PARTNERS, cli->arg[0], "", &view);
}

/** What stands on the card, and the number to compare. */
static void print_card(const sph_cli *cli, const sph_json *json)
{
    char until[SPH_VIEW_ROOM];
    sph_cli_say(cli, "cli.partner.card-of",
                SPH_ARGS({"party", sph_view_get(json, "party")}, {"name", sph_view_name(cli, json)},
                         {"kind", sph_view_label(cli, "party-kind", sph_view_get(json, "kind"))},
                         {"country", sph_view_get(json, "country")},
                         {"until", sph_view_time(cli, json, "validUntil", until)}));
    if (sph_json_get_bool(json, "isKnown", false))
        sph_view_say(cli, sph_json_get_bool(json, "isSameRoot", false) ? SPH_MARK_OK : SPH_MARK_BAD,
                     sph_json_get_bool(json, "isSameRoot", false) ? "cli.partner.known"
                                                                  : "cli.partner.other-root",
                     NULL, 0);
    sph_cli_say(cli, "cli.partner.compare",
                SPH_ARGS({"number", sph_view_get(json, "safetyNumber")}));
}

/** Digits, when there is nothing but digits and blanks; else 0. */
static unsigned count_digits(const char *text)
{
    unsigned count = 0;
    for (; *text; text++)
        if (*text >= '0' && *text <= '9')
            count++;
        else if (*text != ' ' && *text != '-')
            return 0;
    return count;
}

/** The number a person gave: one quoted text, or the first group with the others as arguments
 * behind the card. */
static sph_rc given_number(const sph_cli *cli, sph_buf *out, sph_err *err)
{
    SPH_TRY(sph_buf_add_text(out, sph_cli_option(cli, "--safety-number", 0), err), err, "number");
    for (size_t i = 1; i < cli->arg_count; i++) {
        SPH_TRY(sph_buf_add_byte(out, ' ', err), err, "number");
        SPH_TRY(sph_buf_add_text(out, cli->arg[i], err), err, "number");
    }
    return count_digits(sph_buf_text(out)) == SAFETY_DIGITS
               ? sph_ok()
               : sph_fail(err, SPH_EARG, "a safety number has %u digits", SAFETY_DIGITS);
}

/** The confirmed number, "" when the person did not confirm. */
static enum sph_exit confirm_number(const sph_cli *cli, const sph_json *card, sph_buf *out)
{
    sph_err err = {0};
    if (sph_cli_option(cli, "--safety-number", 0))
        return given_number(cli, out, &err).code == SPH_OK
                   ? SPH_EXIT_DONE
                   : sph_cli_usage(cli, "cli.partner.number-form", NULL, 0);
    if (cli->arg_count > 1)
        return sph_cli_usage(cli, "cli.too-many", SPH_ARGS({"word", cli->word->name}));
    /* --yes does not answer this one: the number is compared by a person, or given. */
    if (cli->is_json || cli->is_yes || !sph_cli_confirm(cli, "cli.partner.match", NULL, 0)) {
        sph_cli_warn(cli, "cli.partner.not-added", NULL, 0);
        return SPH_EXIT_FAILED;
    }
    return sph_buf_add_text(out, sph_view_get(card, "safetyNumber"), &err).code == SPH_OK
               ? SPH_EXIT_DONE
               : SPH_EXIT_FAILED;
}

static void print_added(const sph_cli *cli, const sph_json *json)
{
    sph_view_say(cli, SPH_MARK_OK, "cli.partner.added",
                 SPH_ARGS({"party", sph_view_get(json, "party")}));
}

static enum sph_exit add_card(sph_cli *cli, const char *number)
{
    static const struct sph_view view = {.print = print_added};
    SPH_AUTO(sph_buf) target = sph_buf_init(1024);
    if (sph_buf_add_text(&target, "/api/1/partners?safety=", NULL).code != SPH_OK ||
        sph_cli_encode(number, &target, NULL).code != SPH_OK)
        return sph_cli_usage(cli, "cli.partner.number-form", NULL, 0);
    const sph_ask ask = {.method = "POST",
                         .target = sph_buf_text(&target),
                         .file = cli->arg[0],
                         .content_type = "application/xml"};
    return sph_view(cli, &ask, &view);
}

static bool is_own_card(sph_cli *cli, const sph_json *card)
{
    SPH_AUTO(sph_reply) reply = {.status = 0};
    const sph_ask ask = {.method = "GET", .target = "/api/1/node"};
    return sph_cli_ask(cli, &ask, &reply) == SPH_EXIT_DONE &&
           sph_slice_is(sph_slice_str(sph_view_get(card, "party")),
                        sph_view_get(reply.json, "party"));
}

enum sph_exit sph_cmd_partner_add(sph_cli *cli)
{
    SPH_AUTO(sph_reply) preview = {.status = 0};
    SPH_AUTO(sph_buf) number = sph_buf_init(256);
    SPH_AUTO(sph_buf) card = sph_buf_init(CARD_MOST);
    const sph_ask ask = {.method = "POST",
                         .target = "/api/1/partners/preview",
                         .file = cli->arg[0],
                         .content_type = "application/xml"};
    if (sph_cli_flag(cli, "--as4"))
        return sph_cli_foreign_add(cli);
    if (cli->arg_count == 0)
        return sph_cli_usage(cli, "cli.draft.missing", SPH_ARGS({"options", "CARD"}));
    enum sph_exit code = sph_input_load(cli, cli->arg[0], &card);
    if (code == SPH_EXIT_DONE)
        code = sph_cli_ask(cli, &ask, &preview);
    if (code != SPH_EXIT_DONE)
        return code;
    if (is_own_card(cli, preview.json))
        return sph_cli_usage(cli, "cli.partner.own-card", SPH_ARGS({"file", cli->arg[0]}));
    if (!cli->is_quiet && !cli->is_json)
        print_card(cli, preview.json);
    code = confirm_number(cli, preview.json, &number);
    return code == SPH_EXIT_DONE ? add_card(cli, sph_buf_text(&number)) : code;
}

static void print_state(const sph_cli *cli, const sph_json *json)
{
    sph_view_say(
        cli, SPH_MARK_OK, "cli.partner.now",
        SPH_ARGS({"party", sph_view_get(json, "party")},
                 {"state", sph_view_label(cli, "partner-state", sph_view_get(json, "state"))}));
}

static enum sph_exit change_state(sph_cli *cli, const char *state)
{
    sph_err err = {0};
    SPH_AUTO(sph_reply) reply = {.status = 0};
    SPH_AUTO_PTR(sph_json) *body = sph_json_object();
    if (sph_json_set(body, "state", sph_json_text(state), &err).code != SPH_OK)
        return sph_cli_failed(cli, &err);
    const sph_ask ask = {.method = "PATCH", .body = body};
    const enum sph_exit code = sph_view_ask_id(cli, &ask, PARTNERS, cli->arg[0], "", &reply);
    if (code != SPH_EXIT_DONE)
        return code;
    if (cli->is_json)
        return sph_cli_print_json(cli, &reply);
    print_state(cli, reply.json);
    return SPH_EXIT_DONE;
}

enum sph_exit sph_cmd_partner_pause(sph_cli *cli)
{
    return change_state(cli, "paused");
}

enum sph_exit sph_cmd_partner_resume(sph_cli *cli)
{
    return change_state(cli, "active");
}

enum sph_exit sph_cmd_partner_remove(sph_cli *cli)
{
    static const struct sph_view removed = {.print = print_state};
    static const struct sph_view shown = {.print = print_partner};
    if (cli->is_dry_run)
        return sph_view_id(cli, "GET", PARTNERS, cli->arg[0], "", &shown);
    if (!sph_cli_confirm(cli, "cli.partner.remove", SPH_ARGS({"party", cli->arg[0]}))) {
        sph_cli_warn(cli, "cli.partner.kept", SPH_ARGS({"party", cli->arg[0]}));
        return SPH_EXIT_FAILED;
    }
    return sph_view_id(cli, "DELETE", PARTNERS, cli->arg[0], "", &removed);
}
