#include <stdio.h>
#include <stdlib.h>

#include "base/codec.h"
#include "base/env.h"
#include "cli/foreign.h"
#include "cli/input.h"
#include "cli/view.h"
#include "cli/watch.h"

#define PEM_MOST ((size_t)64 * 1024)
#define CRL_MOST ((size_t)1024 * 1024)
#define OCTETS "application/octet-stream"

/* ------------------------------------------------------------------ partner add --as4 */

static const struct {
    const char *option, *member;
} texts[] = {{"--url", "address"},
             {"--suite", "suite"},
             {"--party-id", "partnerId"},
             {"--party-type", "partnerType"},
             {"--own-id", "ownId"},
             {"--own-type", "ownType"},
             {"--initiator-role", "initiatorRole"},
             {"--responder-role", "responderRole"},
             {"--service", "service"},
             {"--service-type", "serviceType"},
             {"--agreement", "agreement"},
             {"--sign-ref", "signRef"},
             {"--encrypt-ref", "encryptRef"},
             {"--revocation", "revocation"},
             {"--channel-out", "channelOut"},
             {"--channel-in", "channelIn"},
             {"--name", "name"},
             {"--country", "country"}};
static const struct {
    const char *option, *member;
} flags[] = {{"--four-corner", "fourCorner"},
             {"--legacy-refs", "legacyRefs"},
             {"--uncompressed-xml", "uncompressedXml"}};
static const struct {
    const char *option, *member;
} numbers[] = {{"--largest", "largestMessage"}, {"--max-parts", "maxParts"}};

static sph_rc set_numbers(const sph_cli *cli, sph_json *pmode, sph_err *err)
{
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        const char *text = sph_cli_option(cli, numbers[i].option, 0);
        char *end = NULL;
        if (!text)
            continue;
        const long long number = strtoll(text, &end, 10);
        if (*end != '\0' || end == text)
            return sph_fail(err, SPH_EARG, "%s is a number", numbers[i].option);
        SPH_TRY(sph_json_set(pmode, numbers[i].member, sph_json_int(number), err), err, "number");
    }
    return sph_ok();
}

static sph_rc set_actions(const sph_cli *cli, sph_json *pmode, sph_err *err)
{
    const char *action = NULL;
    SPH_AUTO_PTR(sph_json) *list = sph_json_array();
    for (size_t i = 0; (action = sph_cli_option(cli, "--action", i)); i++)
        SPH_TRY(sph_json_add(list, sph_json_text(action), err), err, "action");
    return sph_json_count(list) > 0 ? sph_json_set(pmode, "actions", sph_move(list), err)
                                    : sph_ok();
}

static sph_rc fill_pmode(const sph_cli *cli, sph_json *pmode, sph_err *err)
{
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (sph_cli_option(cli, texts[i].option, 0))
            SPH_TRY(sph_json_set(pmode, texts[i].member,
                                 sph_json_text(sph_cli_option(cli, texts[i].option, 0)), err),
                    err, "%s", texts[i].option);
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        if (sph_cli_flag(cli, flags[i].option))
            SPH_TRY(sph_json_set(pmode, flags[i].member, sph_json_bool(true), err), err, "%s",
                    flags[i].option);
    SPH_TRY(set_numbers(cli, pmode, err), err, "numbers");
    return set_actions(cli, pmode, err);
}

static sph_rc add_cert(const char *use, const char *path, const sph_buf *pem, sph_json *list,
                       sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *row = sph_json_object();
    SPH_TRY(sph_json_set(row, "use", sph_json_text(use), err), err, "certificate");
    SPH_TRY(sph_json_set(row, "label", sph_json_text(path), err), err, "certificate");
    SPH_TRY(sph_json_set(row, "pem", sph_json_str(sph_buf_peek(pem)), err), err, "certificate");
    return sph_json_add(list, sph_move(row), err);
}

static enum sph_exit load_certs(const sph_cli *cli, const char *option, const char *use,
                                sph_json *list)
{
    const char *path = NULL;
    for (size_t i = 0; (path = sph_cli_option(cli, option, i)); i++) {
        SPH_AUTO(sph_buf) pem = sph_buf_init(PEM_MOST);
        const enum sph_exit code = sph_input_load(cli, path, &pem);
        if (code != SPH_EXIT_DONE)
            return code;
        if (add_cert(use, path, &pem, list, NULL).code != SPH_OK)
            return sph_cli_usage(cli, "cli.foreign.not-pem", SPH_ARGS({"file", path}));
    }
    return SPH_EXIT_DONE;
}

static enum sph_exit load_all_certs(const sph_cli *cli, sph_json *list)
{
    static const char *const options[][2] = {{"--certificate", "any"},
                                             {"--sign-cert", "sign"},
                                             {"--encrypt-cert", "encrypt"},
                                             {"--tls-cert", "tls"},
                                             {"--ca", "ca"}};
    enum sph_exit code = SPH_EXIT_DONE;
    for (size_t i = 0; code == SPH_EXIT_DONE && i < sizeof(options) / sizeof(options[0]); i++)
        code = load_certs(cli, options[i][0], options[i][1], list);
    return code;
}

/** A list of a CA: DER as it is. */
static enum sph_exit load_crl(const sph_cli *cli, sph_json *pmode)
{
    sph_err err = {0};
    const char *path = sph_cli_option(cli, "--crl", 0);
    SPH_AUTO(sph_buf) der = sph_buf_init(CRL_MOST);
    SPH_AUTO(sph_buf) text = sph_buf_init(CRL_MOST * 2);
    if (!path)
        return SPH_EXIT_DONE;
    const enum sph_exit code = sph_input_load(cli, path, &der);
    if (code != SPH_EXIT_DONE)
        return code;
    if (sph_base64_encode(sph_buf_peek(&der), &text, &err).code != SPH_OK ||
        sph_json_set(pmode, "crl", sph_json_text(sph_buf_text(&text)), &err).code != SPH_OK)
        return sph_cli_failed(cli, &err);
    return SPH_EXIT_DONE;
}

static sph_rc join(sph_cli *cli, sph_json *pmode, sph_json *certs, sph_json *body, sph_err *err)
{
    const char *party = sph_cli_option(cli, "--party", 0);
    SPH_TRY(sph_json_set(body, "party", sph_json_text(party), err), err, "party");
    SPH_TRY(sph_json_set(body, "pmode", pmode, err), err, "P-Mode");
    SPH_TRY(sph_json_set(body, "certificates", certs, err), err, "certificates");
    return sph_json_set(body, "dryRun", sph_json_bool(cli->is_dry_run), err);
}

static void print_certs(const sph_cli *cli, const sph_json *list)
{
    for (size_t i = 0; i < sph_json_count(list); i++) {
        const sph_json *row = sph_json_at(list, i);
        char from[SPH_VIEW_ROOM], until[SPH_VIEW_ROOM];
        sph_cli_say(cli, "cli.foreign.certificate",
                    SPH_ARGS({"use", sph_view_label(cli, "cert-use", sph_view_get(row, "use"))},
                             {"from", sph_view_time(cli, row, "validFrom", from)},
                             {"until", sph_view_time(cli, row, "validUntil", until)},
                             {"digest", sph_view_get(row, "sha256")}));
    }
}

static void print_channel(const sph_cli *cli, const sph_json *pmode, const char *member,
                          const char *key)
{
    const char *channel = sph_view_get(pmode, member);
    if (channel[0])
        sph_cli_say(cli, key, SPH_ARGS({"channel", channel}));
}

void sph_cli_foreign_print(const sph_cli *cli, const sph_json *partner)
{
    const sph_json *pmode = sph_json_get(partner, "pmode");
    const sph_json *actions = sph_json_get(pmode, "actions");
    const char *action = sph_json_as_text(sph_json_at(actions, 0));
    sph_cli_say(
        cli, sph_view_get(pmode, "address")[0] ? "cli.foreign.head" : "cli.foreign.head-pulls",
        SPH_ARGS({"party", sph_view_get(partner, "party")}, {"suite", sph_view_get(pmode, "suite")},
                 {"address", sph_view_get(pmode, "address")}));
    print_channel(cli, pmode, "channelOut", "cli.foreign.channel-out");
    print_channel(cli, pmode, "channelIn", "cli.foreign.channel-in");
    sph_cli_say(cli, "cli.foreign.business",
                SPH_ARGS({"service", sph_view_get(pmode, "service")},
                         {"action", action ? action : ""}, {"own", sph_view_get(pmode, "ownId")},
                         {"theirs", sph_view_get(pmode, "partnerId")}));
    print_certs(cli, sph_json_get(pmode, "certificates"));
}

static void print_added(const sph_cli *cli, const sph_json *json)
{
    sph_view_say(cli, SPH_MARK_OK, "cli.foreign.added",
                 SPH_ARGS({"party", sph_view_get(json, "party")}));
    sph_cli_foreign_print(cli, json);
}

enum sph_exit sph_cli_foreign_add(sph_cli *cli)
{
    static const struct sph_view view = {.print = print_added};
    sph_err err = {0};
    SPH_AUTO_PTR(sph_json) *body = sph_json_object();
    SPH_AUTO_PTR(sph_json) *pmode = sph_json_object();
    SPH_AUTO_PTR(sph_json) *certs = sph_json_array();
    if (!sph_cli_option(cli, "--party", 0))
        return sph_cli_usage(cli, "cli.draft.missing", SPH_ARGS({"options", "--party"}));
    if (cli->arg_count > 0)
        return sph_cli_usage(cli, "cli.too-many", SPH_ARGS({"word", cli->word->name}));
    if (fill_pmode(cli, pmode, &err).code != SPH_OK)
        return sph_cli_usage(cli, "cli.foreign.number", NULL, 0);
    enum sph_exit code = load_all_certs(cli, certs);
    if (code == SPH_EXIT_DONE)
        code = load_crl(cli, pmode);
    if (code != SPH_EXIT_DONE)
        return code;
    if (join(cli, sph_move(pmode), sph_move(certs), body, &err).code != SPH_OK)
        return sph_cli_failed(cli, &err);
    const sph_ask ask = {.method = "POST", .target = "/api/1/partners/as4", .body = body};
    return sph_view(cli, &ask, &view);
}

/* ------------------------------------------------------------------ partner certificates */

static enum sph_exit store_cert(const sph_cli *cli, const char *folder, const sph_json *row)
{
    char path[600];
    if (sph_str_format(path, sizeof(path), NULL, "%s/%s.pem", folder, sph_view_get(row, "name"))
            .code != SPH_OK)
        return sph_cli_usage(cli, "cli.long-id", NULL, 0);
    return sph_input_store(cli, path, sph_slice_str(sph_view_get(row, "pem")));
}

enum sph_exit sph_cmd_partner_certificates(sph_cli *cli)
{
    SPH_AUTO(sph_reply) reply = {.status = 0};
    const char *folder = sph_cli_option(cli, "-o", 0);
    const sph_ask ask = {.method = "GET", .target = "/api/1/node/certificates"};
    enum sph_exit code = sph_cli_ask(cli, &ask, &reply);
    if (code != SPH_EXIT_DONE)
        return code;
    if (!folder)
        return sph_cli_print_json(cli, &reply);
    const sph_json *list = sph_json_get(reply.json, "items");
    for (size_t i = 0; code == SPH_EXIT_DONE && i < sph_json_count(list); i++)
        code = store_cert(cli, folder, sph_json_at(list, i));
    if (code == SPH_EXIT_DONE)
        sph_view_say(cli, SPH_MARK_OK, "cli.foreign.certificates", SPH_ARGS({"folder", folder}));
    return code;
}

/* ------------------------------------------------------------------ send to one */

bool sph_cli_foreign_is_addressed(sph_cli *cli)
{
    SPH_AUTO(sph_reply) reply = {.status = 0};
    SPH_AUTO(sph_buf) target = sph_buf_init(1024);
    const char *to = sph_cli_option(cli, "--to", 0);
    if (!to || sph_cli_option(cli, "--to", 1) ||
        sph_buf_add_text(&target, "/api/1/partners/", NULL).code != SPH_OK ||
        sph_cli_encode(to, &target, NULL).code != SPH_OK)
        return false;
    const sph_ask ask = {.method = "GET", .target = sph_buf_text(&target)};
    return sph_cli_ask_quietly(cli, &ask, &reply) == SPH_EXIT_DONE && reply.status == 200 &&
           sph_slice_is(sph_slice_str(sph_view_get(reply.json, "peerKind")), "foreign");
}

static sph_rc add_part(const char *path, const char *type, const char *upload, sph_json *list,
                       sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *row = sph_json_object();
    SPH_TRY(sph_json_set(row, "upload", sph_json_text(upload), err), err, "part");
    SPH_TRY(sph_json_set(row, "mediaType", sph_json_text(type), err), err, "part");
    SPH_TRY(sph_json_set(row, "name", sph_json_text(sph_input_base_name(path)), err), err, "part");
    return sph_json_add(list, sph_move(row), err);
}

/** What a part is says its name's end alone: a foreign product takes any type, and nothing here
 * opens it. */
static const char *type_of(const char *path)
{
    static const char *const known[][2] = {
        {".xml", "application/xml"}, {".pdf", "application/pdf"},  {".txt", "text/plain"},
        {".png", "image/png"},       {".jpg", "image/jpeg"},       {".jpeg", "image/jpeg"},
        {".csv", "text/csv"},        {".json", "application/json"}};
    const sph_slice name = sph_slice_str(path);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        const sph_slice end = sph_slice_str(known[i][0]);
        if (name.len > end.len &&
            sph_slice_equal_nocase(sph_slice_sub(name, name.len - end.len, SIZE_MAX), end))
            return known[i][1];
    }
    return OCTETS;
}

static enum sph_exit upload(sph_cli *cli, const char *path, sph_json *list)
{
    SPH_AUTO(sph_reply) reply = {.status = 0};
    sph_err err = {0};
    const sph_ask ask = {
        .method = "POST", .target = "/api/1/attachments", .file = path, .content_type = OCTETS};
    const enum sph_exit code = sph_cli_ask(cli, &ask, &reply);
    if (code != SPH_EXIT_DONE)
        return code;
    return add_part(path, type_of(path), sph_view_get(reply.json, "upload"), list, &err).code ==
                   SPH_OK
               ? SPH_EXIT_DONE
               : sph_cli_failed(cli, &err);
}

static enum sph_exit upload_all(sph_cli *cli, sph_json *list)
{
    const char *path = NULL;
    enum sph_exit code = SPH_EXIT_DONE;
    for (size_t i = 0; code == SPH_EXIT_DONE && i < cli->arg_count; i++)
        code = upload(cli, cli->arg[i], list);
    for (size_t i = 0; code == SPH_EXIT_DONE && (path = sph_cli_option(cli, "--attach", i)); i++)
        code = upload(cli, path, list);
    return code;
}

static sph_rc fill_message(const sph_cli *cli, sph_json *body, sph_err *err)
{
    static const char *const members[][2] = {{"--to", "to"},
                                             {"--service", "service"},
                                             {"--action", "action"},
                                             {"--reply-to", "replyTo"},
                                             {"--conversation", "conversationId"},
                                             {"--original-sender", "originalSender"},
                                             {"--final-recipient", "finalRecipient"}};
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        const char *value = sph_cli_option(cli, members[i][0], 0);
        if (value)
            SPH_TRY(sph_json_set(body, members[i][1], sph_json_text(value), err), err, "%s",
                    members[i][0]);
    }
    return sph_ok();
}

enum sph_exit sph_cli_foreign_send(sph_cli *cli)
{
    sph_err err = {0};
    SPH_AUTO_PTR(sph_json) *body = sph_json_object();
    SPH_AUTO_PTR(sph_json) *parts = sph_json_array();
    const enum sph_exit code = upload_all(cli, parts);
    if (code != SPH_EXIT_DONE)
        return code;
    if (fill_message(cli, body, &err).code != SPH_OK ||
        sph_json_set(body, "parts", sph_move(parts), &err).code != SPH_OK)
        return sph_cli_failed(cli, &err);
    return sph_watch_submit(cli, "/api/1/packets/foreign", body, 'X');
}
