#include <stdio.h>
#include <unistd.h>

#include "cli/view.h"

#define PACKETS "/api/1/packets/"
#define XML_MOST ((size_t)32 * 1024 * 1024)

static void print_sent(const sph_cli *cli, const sph_json *list)
{
    for (size_t i = 0; i < sph_json_count(list); i++) {
        const sph_json *row = sph_json_at(list, i);
        char state[256], submitted[SPH_VIEW_ROOM], sent[SPH_VIEW_ROOM], receipt[SPH_VIEW_ROOM],
            peer[SPH_VIEW_ROOM];
        sph_cli_say(cli, "cli.show.sent",
                    SPH_ARGS({"partner", sph_view_get(row, "partner")},
                             {"state", sph_view_state(cli, row, state)},
                             {"proof", sph_view_label(cli, "proof", sph_view_get(row, "proof"))}));
        if (sph_view_get(row, "via")[0]) {
            fputs("    ", stdout);
            sph_cli_say(cli, "cli.show.via", SPH_ARGS({"hub", sph_view_get(row, "via")}));
        }
        fputs("    ", stdout);
        sph_cli_say(cli, "cli.show.sent-events",
                    SPH_ARGS({"submitted", sph_view_event(row, "submittedEvent", submitted)},
                             {"sent", sph_view_event(row, "sentEvent", sent)},
                             {"receipt", sph_view_event(row, "receiptEvent", receipt)},
                             {"peer", sph_view_event(row, "partnerEvent", peer)}));
        if (sph_view_get(row, "errorCode")[0])
            sph_cli_say(cli, "cli.show.error",
                        SPH_ARGS({"code", sph_view_get(row, "errorCode")},
                                 {"detail", sph_view_get(row, "errorDetail")}));
    }
}

static void print_received(const sph_cli *cli, const sph_json *list)
{
    for (size_t i = 0; i < sph_json_count(list); i++) {
        const sph_json *row = sph_json_at(list, i);
        char time[SPH_VIEW_ROOM], received[SPH_VIEW_ROOM], receipt[SPH_VIEW_ROOM];
        sph_cli_say(cli, "cli.show.received",
                    SPH_ARGS({"partner", sph_view_get(row, "partner")},
                             {"time", sph_view_time(cli, row, "received", time)},
                             {"received", sph_view_event(row, "receivedEvent", received)},
                             {"receipt", sph_view_event(row, "receiptEvent", receipt)}));
    }
}

static void print_thread(const sph_cli *cli, const sph_json *list)
{
    struct sph_table *table = sph_view_table();
    if (sph_json_count(list) > 1)
        sph_cli_say(cli, "cli.show.thread", NULL, 0);
    for (size_t i = 0; sph_json_count(list) > 1 && i < sph_json_count(list); i++) {
        const sph_json *row = sph_json_at(list, i);
        char seq[SPH_VIEW_ROOM], time[SPH_VIEW_ROOM];
        const char *const cells[] = {"   ",
                                     sph_view_number(row, "seq", seq),
                                     sph_view_get(row, "id"),
                                     sph_view_label(cli, "type", sph_view_get(row, "type")),
                                     sph_view_get(row, "issuer"),
                                     sph_view_time(cli, row, "issued", time)};
        sph_view_row(cli, table, 6, cells);
    }
    sph_view_table_end(cli, &table);
}

static void print_packet(const sph_cli *cli, const sph_json *json)
{
    sph_cli_say(cli, "cli.show.head",
                SPH_ARGS({"id", sph_view_get(json, "id")}, {"title", sph_view_get(json, "title")}));
    sph_view_block(cli, sph_view_get(json, "text"));
    puts("");
    print_sent(cli, sph_json_get(json, "sent"));
    print_received(cli, sph_json_get(json, "received"));
    print_thread(cli, sph_json_get(json, "thread"));
}

static void print_proof(const sph_cli *cli, const sph_json *json)
{
    sph_cli_say(cli, "cli.show.proof-head", SPH_ARGS({"id", sph_view_get(json, "packetId")}));
    print_sent(cli, sph_json_get(json, "sent"));
    print_received(cli, sph_json_get(json, "received"));
    sph_cli_say(cli, "cli.show.proof-next", NULL, 0);
}

/** The octets as they are into a file or pipe; on a terminal made safe, because a partner wrote
 * them. */
static enum sph_exit print_xml(sph_cli *cli)
{
    SPH_AUTO(sph_reply) reply = {.status = 0};
    const sph_ask ask = {.method = "GET"};
    const enum sph_exit code = sph_view_ask_id(cli, &ask, PACKETS, cli->arg[0], "/xml", &reply);
    if (code != SPH_EXIT_DONE)
        return code;
    SPH_AUTO(sph_buf) safe = sph_buf_init(XML_MOST);
    if (isatty(STDOUT_FILENO) &&
        sph_cli_safe(sph_buf_text(&reply.body), &safe, NULL).code == SPH_OK)
        printf("%s\n", sph_buf_text(&safe));
    else
        fwrite(sph_buf_text(&reply.body), 1, reply.body.len, stdout);
    return SPH_EXIT_DONE;
}

enum sph_exit sph_cmd_show(sph_cli *cli)
{
    static const struct sph_view packet = {.print = print_packet};
    static const struct sph_view proof = {.print = print_proof};
    if (sph_cli_flag(cli, "--xml"))
        return print_xml(cli);
    if (sph_cli_flag(cli, "--proof"))
        return sph_view_id(cli, "GET", PACKETS, cli->arg[0], "/proof", &proof);
    return sph_view_id(cli, "GET", PACKETS, cli->arg[0], "", &packet);
}
