#include <unistd.h>

#include "base/codec.h"
#include "cli/input.h"
#include "cli/view.h"

#define XSD_MOST ((size_t)1024 * 1024)

static void print_schemas(const sph_cli *cli, const sph_json *json)
{
    static const char *const heads[] = {"cli.col.schema", "cli.col.version", "cli.col.sha256"};
    const sph_json *list = sph_json_get(json, "items");
    struct sph_table *table = sph_view_table();
    sph_view_heading(cli, table, 3, heads);
    for (size_t i = 0; i < sph_json_count(list); i++) {
        const sph_json *row = sph_json_at(list, i);
        const char *const cells[] = {sph_view_get(row, "name"), sph_view_get(row, "version"),
                                     sph_view_get(row, "sha256")};
        sph_view_row(cli, table, 3, cells);
    }
    sph_view_table_end(cli, &table);
    const bool is_installed = sph_json_get_bool(json, "isOfficialInstalled", false);
    sph_view_say(cli, is_installed ? SPH_MARK_OK : SPH_MARK_WAIT,
                 is_installed ? "cli.schema.installed" : "cli.schema.not-installed", NULL, 0);
}

enum sph_exit sph_cmd_schema_list(sph_cli *cli)
{
    static const struct sph_view view = {.print = print_schemas};
    const sph_ask ask = {.method = "GET", .target = "/api/1/schemas"};
    return sph_view(cli, &ask, &view);
}

/** xml.xsd beside the schema, unless --xml names it. */
static sph_rc xml_path(const sph_cli *cli, sph_buf *out, sph_err *err)
{
    const char *given = sph_cli_option(cli, "--xml", 0);
    const char *name = sph_input_base_name(cli->arg[0]);
    if (given)
        return sph_buf_add_text(out, given, err);
    SPH_TRY(sph_buf_add(out, sph_slice_of(cli->arg[0], (size_t)(name - cli->arg[0])), err), err,
            "path");
    return sph_buf_add_text(out, "xml.xsd", err);
}

static enum sph_exit add_file(const sph_cli *cli, const char *path, const char *member,
                              sph_json *body)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) octets = sph_buf_init(XSD_MOST);
    SPH_AUTO(sph_buf) text = sph_buf_init(XSD_MOST * 2);
    const enum sph_exit code = sph_input_load(cli, path, &octets);
    if (code != SPH_EXIT_DONE)
        return code;
    if (sph_base64_encode(sph_buf_peek(&octets), &text, &err).code != SPH_OK ||
        sph_json_set(body, member, sph_json_text(sph_buf_text(&text)), &err).code != SPH_OK)
        return sph_cli_failed(cli, &err);
    return SPH_EXIT_DONE;
}

enum sph_exit sph_cmd_schema_install(sph_cli *cli)
{
    static const struct sph_view view = {.print = print_schemas};
    sph_err err = {0};
    SPH_AUTO_PTR(sph_json) *body = sph_json_object();
    SPH_AUTO(sph_buf) beside = sph_buf_init(4096);
    const sph_ask ask = {.method = "POST", .target = "/api/1/schemas", .body = body};
    if (xml_path(cli, &beside, &err).code != SPH_OK)
        return sph_cli_failed(cli, &err);
    enum sph_exit code = add_file(cli, cli->arg[0], "xsd", body);
    /* Not there and not named: the node says what is missing, but first whether the schema is
     * right. */
    const bool is_named = sph_cli_option(cli, "--xml", 0) != NULL;
    if (code == SPH_EXIT_DONE && (is_named || access(sph_buf_text(&beside), F_OK) == 0))
        code = add_file(cli, sph_buf_text(&beside), "xmlXsd", body);
    return code == SPH_EXIT_DONE ? sph_view(cli, &ask, &view) : code;
}
