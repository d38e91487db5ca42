/** What the uploads that an order names come to. Internal to node/portal. */
#pragma once

#include "portal/api_call.h"

/** An order is done, well or not: what it named is used up, and nothing stays on the disk. A dry
 * run leaves its uploads to the order that follows. body  of the order, or NULL; `list` is its
 * member with {"upload": …} rows, beside "document" */
void sph_api_uploads_used(struct sph_api_call *call, const sph_json *body, const char *list);
