/** Validation whose issues become findings for people. */
#pragma once

#include "packet/finding.h"
#include "xml/xsd.h"

/** Findings with rule XSD, each with line and element. SPH_EREFUSED when invalid. */
SPH_MUST sph_rc sph_xsd_check(const sph_xsd *xsd, const sph_xml *doc, sph_findings *findings,
                              sph_err *err);
