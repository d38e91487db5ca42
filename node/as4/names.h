/** Names and constants of the wire contract (as4.md 2), private to this folder. */
#pragma once

#include "as4/message.h"
#include "xml/dsig.h"
#include "xml/xenc.h"

#define NS_ENV "http://www.w3.org/2003/05/soap-envelope"
#define NS_EBBP "http://docs.oasis-open.org/ebxml-bp/ebbp-signals-2.0"
#define NS_WSSE "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
#define NS_WSSE11 "http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd"
#define NS_WSU "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
#define NS_SL "urn:saphan:ledger:1"
#define NS_XML "http://www.w3.org/XML/1998/namespace"

#define WSS_TOKEN_PROFILE                                                                          \
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#"
#define TOKEN_X509 WSS_TOKEN_PROFILE "X509v3"
#define TOKEN_PKIPATH WSS_TOKEN_PROFILE "X509PKIPathv1"
#define TOKEN_SKI WSS_TOKEN_PROFILE "X509SubjectKeyIdentifier"
#define TOKEN_THUMBPRINT                                                                           \
    "http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1"
#define TOKEN_ENCRYPTED_KEY                                                                        \
    "http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#EncryptedKey"
#define ENCODING_BASE64                                                                            \
    "http://docs.oasis-open.org/wss/2004/01/"                                                      \
    "oasis-200401-wss-soap-message-security-1.0#Base64Binary"
#define SWA "http://docs.oasis-open.org/wss/oasis-wss-SwAProfile-1.1#"
#define SWA_CIPHERTEXT SWA "Attachment-Ciphertext-Transform"
#define SWA_CONTENT_ONLY SWA "Attachment-Content-Only"

#define SOAP_TYPE "application/soap+xml"
#define GZIP_TYPE "application/gzip"
#define MAX_PARTS 33u
