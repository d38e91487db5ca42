#include "as4/in.h"

static bool is_true(const char *value)
{
    return value != NULL && (strcmp(value, "true") == 0 || strcmp(value, "1") == 0);
}

static bool is_false(const char *value)
{
    return value == NULL || strcmp(value, "false") == 0 || strcmp(value, "0") == 0;
}

static sph_rc take_security(sph_as4_in *in, const sph_xml_node *node, sph_as4_fault *fault,
                            sph_err *err)
{
    if (in->security != NULL)
        return sph_as4_refuse(SPH_AS4_SECURITY, fault, err, "two");
    if (sph_xml_attr(node, NS_ENV, "role") != NULL || sph_xml_attr(node, NS_ENV, "actor") != NULL)
        return sph_as4_refuse(SPH_AS4_SECURITY, fault, err, "for another actor");
    in->security = node;
    return sph_ok();
}

static sph_rc take_messaging(sph_as4_in *in, const sph_xml_node *node, sph_as4_fault *fault,
                             sph_err *err)
{
    if (in->messaging != NULL)
        return sph_as4_refuse(SPH_AS4_MESSAGING, fault, err, "two");
    if (!is_true(sph_xml_attr(node, NS_ENV, "mustUnderstand")))
        return sph_as4_refuse(SPH_AS4_MESSAGING, fault, err, "mustUnderstand is not true");
    if (sph_xml_attr(node, NS_ENV, "role") != NULL)
        return sph_as4_refuse(SPH_AS4_MESSAGING, fault, err, "for another role");
    in->messaging = node;
    return sph_ok();
}

/** SOAP 1.2 §5.2: a block we do not know is ignored unless it must be understood. */
static sph_rc header_block(sph_as4_in *in, const sph_xml_node *node, sph_as4_fault *fault,
                           sph_err *err)
{
    if (sph_xml_is(node, SPH_NS_EB, "Messaging"))
        return take_messaging(in, node, fault, err);
    if (sph_xml_is(node, NS_WSSE, "Security"))
        return take_security(in, node, fault, err);
    const char *must = sph_xml_attr(node, NS_ENV, "mustUnderstand");
    if (is_true(must))
        return sph_as4_refuse(SPH_AS4_MUST_UNDERSTAND, fault, err, "%.40s", sph_xml_local(node));
    if (!is_false(must))
        return sph_as4_refuse(SPH_AS4_ENVELOPE, fault, err, "mustUnderstand value");
    return sph_ok();
}

sph_rc sph_as4_soap_locate(sph_as4_in *in, sph_as4_fault *fault, sph_err *err)
{
    const sph_xml_node *envelope = sph_xml_root(in->doc);
    const sph_xml_node *header = sph_xml_first(envelope);
    const sph_xml_node *body = sph_xml_next(header);
    if (!sph_xml_is(envelope, NS_ENV, "Envelope") || !sph_xml_has_only_elements(envelope) ||
        !sph_xml_is(header, NS_ENV, "Header") || !sph_xml_has_only_elements(header))
        return sph_as4_refuse(SPH_AS4_ENVELOPE, fault, err, NULL);
    if (!sph_xml_is(body, NS_ENV, "Body") || sph_xml_next(body) != NULL)
        return sph_as4_refuse(SPH_AS4_ENVELOPE, fault, err, "one Body must end the envelope");
    for (const sph_xml_node *n = sph_xml_first(header); n != NULL; n = sph_xml_next(n))
        SPH_TRY(header_block(in, n, fault, err), err, "SOAP header block");
    if (in->messaging == NULL)
        return sph_as4_refuse(SPH_AS4_MESSAGING, fault, err, "none");
    in->body = body;
    return sph_ok();
}

sph_rc sph_as4_soap_body(const sph_as4_in *in, sph_as4_fault *fault, sph_err *err)
{
    if (sph_xml_is_empty(in->body))
        return sph_ok();
    /* as4.md 10: some products put a SOAP fault beside their ebMS error. */
    const sph_xml_node *child = sph_xml_first(in->body);
    if (in->unit[SPH_AS4_ERROR].node != NULL && sph_xml_is(child, NS_ENV, "Fault") &&
        sph_xml_next(child) == NULL && sph_xml_has_only_elements(in->body))
        return sph_ok();
    return sph_as4_refuse(SPH_AS4_BODY, fault, err, NULL);
}
