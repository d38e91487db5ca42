/** A compiled schema; for the files of node/xml only. */
#pragma once

#include <libxml/xmlschemas.h>

#include "xml/xsd.h"

struct sph_xsd {
    xmlSchema *schema;
};
