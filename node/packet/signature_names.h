/** Fixed names inside a packet's signature (packets.md 10). */
#pragma once

#define SPH_SIG_ID "sig"
#define SPH_SIG_REF_ID "ref-doc"
#define SPH_SIG_PROPERTIES_ID "xp"
#define SPH_SIG_PROPERTIES_TYPE "http://uri.etsi.org/01903#SignedProperties"
#define SPH_SIG_MIME "application/xml"
