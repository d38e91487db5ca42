/** Every refusal of a received message: a stable number and name, and the ebMS code it answers with
 * (as4.md 5.3, 8, 10; security.md 2.3 to 2.6). The number stands in the REJECTED leaf, so a row is
 * never renumbered, only added. */
#pragma once

#include "as4/receive.h"

/** X(name, reason, ebMS code, rule, text for the peer's engineer) */
#define SPH_AS4_RULES(X)                                                                           \
    X(MIME_TYPE, 101, 0007, "mime.content-type", "Content-Type is not one this node takes")        \
    X(MIME_PARAMETER, 102, 0007, "mime.parameter", "Content-Type parameter malformed or repeated") \
    X(MIME_BOUNDARY, 103, 0007, "mime.boundary", "boundary missing or malformed")                  \
    X(MIME_PREAMBLE, 104, 0007, "mime.preamble", "no first delimiter within the preamble limit")   \
    X(MIME_DELIMITER, 105, 0007, "mime.delimiter", "delimiter line malformed or missing")          \
    X(MIME_EPILOGUE, 106, 0007, "mime.epilogue", "epilogue over the limit")                        \
    X(MIME_PARTS, 107, 0007, "mime.parts", "too many parts")                                       \
    X(MIME_HEAD, 108, 0007, "mime.head", "part header malformed")                                  \
    X(MIME_HEAD_LIMIT, 109, 0007, "mime.head-limit", "part header over the limit")                 \
    X(MIME_REPEATED_FIELD, 110, 0007, "mime.repeated-field", "part header field repeated")         \
    X(MIME_NESTED, 111, 0007, "mime.nested", "nested multipart or message")                        \
    X(MIME_CID, 112, 0007, "mime.cid", "Content-ID missing or malformed")                          \
    X(MIME_DUPLICATE_CID, 113, 0007, "mime.duplicate-cid", "two parts with one Content-ID")        \
    X(MIME_ENCODING, 114, 0007, "mime.encoding", "Content-Transfer-Encoding unknown or broken")    \
    X(MIME_START, 115, 0007, "mime.start", "start does not name the first part")                   \
    X(MIME_ROOT_TYPE, 116, 0007, "mime.root-type", "first part is not SOAP 1.2 in UTF-8")          \
    X(MIME_UNANNOUNCED, 117, 0007, "mime.unannounced", "part without PartInfo")                    \
    X(ROOT_LIMIT, 201, 0009, "soap.root-limit", "SOAP part over the size limit")                   \
    X(XML, 202, 0009, "soap.xml", "SOAP part is not acceptable XML")                               \
    X(DUPLICATE_ID, 203, 0009, "soap.duplicate-id", "an Id value occurs twice or is no NCName")    \
    X(ENVELOPE, 204, 0009, "soap.envelope", "not a SOAP 1.2 envelope of Header and Body")          \
    X(MESSAGING, 205, 0009, "soap.messaging", "exactly one eb:Messaging is required")              \
    X(SECURITY, 206, 0009, "soap.security", "more than one wsse:Security, or one for an actor")    \
    X(BODY, 207, 0009, "soap.body", "Body must be empty")                                          \
    X(MUST_UNDERSTAND, 208, 0008, "soap.must-understand", "header block not supported")            \
    X(HEADER, 209, 0009, "header.schema", "eb:Messaging is not valid")                             \
    X(HEADER_VALUE, 210, 0009, "header.value", "value missing, malformed or too long")             \
    X(MESSAGE_ID, 211, 0009, "header.message-id", "MessageId or RefToMessageId malformed")         \
    X(TIMESTAMP, 212, 0009, "header.timestamp", "Timestamp is not a dateTime with zone")           \
    X(HREF, 213, 0011, "header.href", "PartInfo href is not a cid")                                \
    X(PART_MISSING, 214, 0003, "header.part-missing", "PartInfo names a part that is not there")   \
    X(PART_REPEATED, 215, 0003, "header.part-repeated", "PartInfo names one part twice")           \
    X(PART_COMPRESSION, 216, 0303, "header.compression", "CompressionType or MimeType unusable")   \
    X(NO_SECURITY, 301, 0010, "wss.missing", "wsse:Security is required")                          \
    X(NO_SIGNATURE, 302, 0103, "wss.unsigned", "exactly one ds:Signature is required")             \
    X(WSS_CHILD, 303, 0103, "wss.unknown-child", "element not allowed in wsse:Security")           \
    X(DSIG_SHAPE, 304, 0103, "dsig.shape", "ds:Signature is not of the closed form")               \
    X(DSIG_ALGORITHM, 305, 0103, "dsig.algorithm", "algorithm outside the agreed suite")           \
    X(DSIG_WRONG_NODE, 306, 0103, "dsig.wrong-node", "reference to another element or URI")        \
    X(DSIG_REPEATED, 307, 0103, "dsig.repeated", "one thing referenced twice")                     \
    X(DSIG_HEADER_UNSIGNED, 308, 0103, "dsig.header-unsigned", "Messaging or Body not signed")     \
    X(DSIG_PART_UNSIGNED, 309, 0103, "dsig.part-unsigned", "payload part not signed")              \
    X(DSIG_FOREIGN_CID, 310, 0103, "dsig.foreign-cid", "signed cid is no payload part")            \
    X(TOKEN_SHAPE, 311, 0101, "token.shape", "")                                                   \
    X(TOKEN_UNKNOWN, 312, 0101, "token.unknown", "")                                               \
    X(TOKEN_CERT, 313, 0101, "token.certificate", "")                                              \
    X(SIGNER, 314, 0101, "signer.path", "")                                                        \
    X(SIGNER_PARTY, 315, 0101, "signer.party", "")                                                 \
    X(SIGNER_KEY, 316, 0101, "signer.key", "")                                                     \
    X(SIGNATURE, 317, 0101, "dsig.value", "")                                                      \
    X(DIGEST, 318, 0101, "dsig.digest", "")                                                        \
    X(PART_DIGEST, 319, 0101, "dsig.part-digest", "")                                              \
    X(ENC_SHAPE, 401, 0103, "xenc.shape", "encryption elements are not of the closed form")        \
    X(ENC_ALGORITHM, 402, 0103, "xenc.algorithm", "encryption algorithm outside the suite")        \
    X(ENC_PART_PLAIN, 403, 0103, "xenc.part-plain", "payload part not encrypted")                  \
    X(ENC_FOREIGN_CID, 404, 0103, "xenc.foreign-cid", "encrypted cid is no payload part")          \
    X(ENC_REPEATED, 405, 0103, "xenc.repeated", "one part encrypted twice")                        \
    X(ENC_REFERENCES, 406, 0103, "xenc.references", "DataReferences and EncryptedData differ")     \
    X(ENC_SIGNAL, 407, 0103, "xenc.signal", "a signal is never encrypted")                         \
    X(ENC_MEDIA, 408, 0103, "xenc.media-type", "uncompressed XML or text part not agreed")         \
    X(ENC_RECIPIENT, 409, 0102, "xenc.recipient", "")                                              \
    X(ENC_KEY, 410, 0102, "xenc.key", "")                                                          \
    X(ENC_CONTENT, 411, 0102, "xenc.content", "")                                                  \
    X(PART_SIZE, 501, 0303, "part.size", "leading part over the size limit")

enum sph_as4_rule {
#define SPH_AS4_RULE_NAME(name, reason, code, rule, text) SPH_AS4_##name,
    SPH_AS4_RULES(SPH_AS4_RULE_NAME)
#undef SPH_AS4_RULE_NAME
        SPH_AS4_RULE_COUNT
};

/** Fill *fault by the rule and return SPH_EREFUSED. format (may be NULL) adds ids and sizes to the
 * detail, except for 0101 and 0102 whose text is fixed (as4.md D12): there it goes to `err` only.
 */
#define sph_as4_refuse(rule, fault, err, ...)                                                      \
    sph_failed(sph_as4_refuse_by((rule), (fault), (err), __VA_ARGS__))
/** What the macro above calls; always SPH_EREFUSED. */
SPH_MUST sph_rc sph_as4_refuse_by(enum sph_as4_rule rule, sph_as4_fault *fault, sph_err *err,
                                  const char *format, ...) SPH_PRINTF(4, 5);
/** Turn a lower layer's verdict into the rule; success, SPH_ENOMEM and SPH_EIO pass unchanged. */
SPH_MUST sph_rc sph_as4_blame(sph_rc rc, enum sph_as4_rule rule, sph_as4_fault *fault,
                              sph_err *err);
