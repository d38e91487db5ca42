/** The leak screen over attachments (DP-03): before they leave, and again when they come. */
#pragma once

#include "exchange/submit.h"
#include "packet/leak.h"

/** The office's own list of names that must not leave (HOME/leak-names.txt); NULL when there is
 * none. Read anew each time, so that a change counts at once. out: owned, sph_leak_names_free. A
 * list that cannot be read is a failure: nothing leaves unscreened. */
SPH_MUST sph_rc sph_screen_names(sph_node *node, sph_leak_names **out, sph_err *err);

/** Screen the files of a submission whose packet is of this type and classification; findings PK-10
 * have the attachment's number, line and character. names: borrowed, may be NULL. SPH_EREFUSED when
 * one blocks. */
SPH_MUST sph_rc sph_screen_outgoing(const struct sph_submit *what, const sph_leak_names *names,
                                    enum sph_packet_type type,
                                    enum sph_classification classification, sph_findings *findings,
                                    sph_err *err);

#define SPH_SCREEN_INCOMING (16u << 20) /* a larger part was screened by its sender alone */
/** Screen a received part of a packet of level 0 or 1, whose digest was checked. SPH_EREFUSED with
 * the finding. One that its key does not open passes: it can be read by nobody. */
SPH_MUST sph_rc sph_screen_incoming(sph_node *node, const sph_packet *packet, size_t number,
                                    sph_file *part, uint64_t len, sph_findings *findings,
                                    sph_err *err);
