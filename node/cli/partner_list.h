/** `saphan partner list` on a terminal: each partner with how it goes with it. */
#pragma once

#include "cli/view.h"

/** A view's print: the answer saphan.partners/1, a few short lines a partner so that it stays
 * readable on a narrow terminal. */
void sph_cli_partner_list(const sph_cli *cli, const sph_json *json);
