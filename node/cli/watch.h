/** Handing packets to the node and watching them arrive. */
#pragma once

#include "cli/cli.h"

/** Submit a body to `target` and report: what was signed and queued, then a line per addressee as
 * its receipt comes. letter: of the packet's short id when it has no thread. `--dry-run` is put
 * into the body. exit  done: an addressee was reached, or there was none to reach, or a dry run;
 * later: queued; refused: all refused, or the node refused the packet. */
enum sph_exit sph_watch_submit(sph_cli *cli, const char *target, sph_json *body, char letter);
/** The same for a target with an id in it: before + id + after. */
enum sph_exit sph_watch_submit_id(sph_cli *cli, const char *before, const char *id,
                                  const char *after, sph_json *body, char letter);
/** Watch messages: `items` of {partner, messageId, thread?, packetId?}. Nothing is printed with
 * --json or --quiet. */
enum sph_exit sph_watch_items(sph_cli *cli, const sph_json *items, char letter);
