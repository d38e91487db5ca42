/** The one table of limits (as4.md 14.1). docs/limits.md is generated from the same rows. */
#pragma once

#include "base/bytes.h"

/** X(name, value, unit, item, answer) — the value is the hard default. */
#define SPH_LIMITS(X)                                                                              \
    X(http_request_line, 4096, "bytes", "HTTP request line", "414")                                \
    X(http_head, 16384, "bytes", "request line and headers", "431")                                \
    X(http_fields, 64, "fields", "header fields", "431")                                           \
    X(http_chunk_ext, 256, "bytes", "chunk extensions of one chunk", "400")                        \
    X(http_trailers, 4096, "bytes", "trailers", "400")                                             \
    X(tls_handshake_ms, 6000, "ms", "TLS handshake", "close")                                      \
    X(http_head_ms, 10000, "ms", "head complete", "close")                                         \
    X(http_idle_body_ms, 30000, "ms", "idle body", "close")                                        \
    X(http_min_rate, 1024, "bytes/s", "minimum body rate, averaged", "close")                      \
    X(http_keepalive_ms, 60000, "ms", "idle keep-alive", "close")                                  \
    X(message_default, 268435456, "bytes", "message on the wire, default largestMessage", "413")   \
    X(message_ceiling, 2147483648, "bytes", "message on the wire, ceiling", "413")                 \
    X(packet, 4194304, "bytes", "packet after gunzip", "EBMS:0303")                                \
    X(parts, 33, "parts", "payload parts: packet and 32 attachments", "EBMS:0007")                 \
    X(mime_fields, 16, "fields", "MIME headers of a part", "EBMS:0007")                            \
    X(mime_head, 8192, "bytes", "MIME headers of a part", "EBMS:0007")                             \
    X(mime_line, 1024, "bytes", "MIME header line", "EBMS:0007")                                   \
    X(mime_preamble, 4096, "bytes", "preamble and epilogue", "EBMS:0007")                          \
    X(root_part, 262144, "bytes", "SOAP root part", "EBMS:0009")                                   \
    X(root_elements, 20000, "elements", "elements of the root part", "EBMS:0009")                  \
    X(prefix_list, 16, "prefixes", "InclusiveNamespaces PrefixList", "EBMS:0009")                  \
    X(depth_header, 32, "levels", "XML depth of the root part", "EBMS:0009")                       \
    X(depth_packet, 64, "levels", "XML depth of a packet", "EBMS:0009")                            \
    X(attributes, 64, "attributes", "attributes and namespace declarations of one element",        \
      "EBMS:0009")                                                                                 \
    X(namespaces, 32, "declarations", "namespace declarations of one element", "EBMS:0009")        \
    X(tag, 8192, "bytes", "one XML tag", "EBMS:0009")                                              \
    X(text_node, 1048576, "bytes", "one XML text node", "EBMS:0009")                               \
    X(packet_elements, 200000, "elements", "elements of a packet", "XSD")                          \
    X(references, 35, "references", "ds:Reference of one signature", "EBMS:0103")                  \
    X(properties, 16, "properties", "message or part properties", "EBMS:0009")                     \
    X(property_name, 255, "characters", "property name", "EBMS:0009")                              \
    X(property_value, 1024, "characters", "property value", "EBMS:0009")                           \
    X(id_chars, 255, "characters", "ids, party, service, action", "EBMS:0009")                     \
    X(chain_certs, 4, "certificates", "PKIPath or TLS chain", "EBMS:0101")                         \
    X(cert_bytes, 16384, "bytes", "certificates of a chain together", "EBMS:0101")                 \
    X(errors, 16, "errors", "eb:Error of one signal", "the rest is ignored")                       \
    X(gunzip_ratio, 200, "times", "gunzip ratio after the first MiB", "EBMS:0303")                 \
    X(gzip_comment, 65536, "bytes", "gzip FCOMMENT", "EBMS:0303")                                  \
    X(gzip_fields, 1024, "bytes", "other optional gzip header fields", "EBMS:0303")                \
    X(address_handshakes, 128, "connections", "unfinished TLS handshakes of one address", "close") \
    X(partner_connections, 128, "connections", "connections of one partner", "429")                \
    X(partner_requests, 120000, "requests", "requests of one partner in a minute", "429")          \
    X(free_floor, 67108864, "bytes", "space on the disk that messages may not use", "503")         \
    X(inbound_concurrent, 8, "messages", "concurrent inbound messages of a partner", "503")        \
    X(relay_part, 4259840, "bytes", "sealed part of a relayed message", "EBMS:0303")               \
    X(relay_messages, 256, "messages",                                                             \
      "relayed messages of a sender that wait at a hub, a quarter for one recipient", "EBMS:0202") \
    X(relay_octets, 67108864, "bytes", "the same, sealed parts together", "EBMS:0202")             \
    X(json_body, 8388608, "bytes", "JSON request body of the API", "413")                          \
    X(note, 65536, "bytes", "signed note", "refused")                                              \
    X(note_signatures, 32, "lines", "signature lines of a note", "refused")                        \
    X(proof_hashes, 64, "hashes", "hashes of one proof", "refused")                                \
    X(card, 262144, "bytes", "partner card", "refused")

struct sph_limits {
#define SPH_LIMIT_FIELD(name, value, unit, item, answer) uint64_t name;
    SPH_LIMITS(SPH_LIMIT_FIELD)
#undef SPH_LIMIT_FIELD
};

/** The hard defaults; static storage. */
const struct sph_limits *sph_limits_default(void);
/** Append the table as Markdown with its introduction: the text of docs/limits.md. */
SPH_MUST sph_rc sph_limits_print(sph_buf *out, sph_err *err);
