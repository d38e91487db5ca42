#include "xml/closed_shape.h"

#include "base/codec.h"
#include "xml/document.h"

sph_rc sph_shape_children(const sph_xml_node *node, const struct sph_shape_child *children,
                          size_t count, sph_err *err)
{
    if (!sph_xml_has_only_elements(node))
        return sph_fail(err, SPH_EPARSE, "text in %s", sph_xml_local(node));
    const sph_xml_node *at = sph_xml_first(node);
    for (size_t i = 0; i < count; i++) {
        const bool found = sph_xml_is(at, children[i].ns, children[i].local);
        if (!found && !children[i].is_optional)
            return sph_fail(err, SPH_EPARSE, "no %s in its place", children[i].local);
        if (children[i].out)
            *children[i].out = found ? at : NULL;
        at = found ? sph_xml_next(at) : at;
    }
    if (at)
        return sph_fail(err, SPH_EPARSE, "an element too many, line %u", sph_xml_line(at));
    return sph_ok();
}

static bool is_listed(const sph_xml_attr_item *attr, const char *const *allowed)
{
    for (; *allowed && *attr->ns == '\0'; allowed++)
        if (sph_slice_is(sph_slice_str(attr->local), *allowed))
            return true;
    return false;
}

sph_rc sph_shape_attributes(const sph_xml_node *node, const char *const *allowed, sph_err *err)
{
    sph_xml_attr_item attr = {.at = NULL};
    while (sph_xml_next_attr(node, &attr))
        if (!is_listed(&attr, allowed))
            return sph_fail(err, SPH_EPARSE, "attribute, line %u", sph_xml_line(node));
    return sph_ok();
}

sph_rc sph_shape_algorithm(const sph_xml_node *node, const char **out, sph_err *err)
{
    SPH_TRY(sph_shape_attributes(node, (const char *const[]){"Algorithm", NULL}, err), err,
            "attributes of an algorithm");
    const char *uri = sph_xml_attr(node, NULL, "Algorithm");
    if (!uri)
        return sph_fail(err, SPH_EPARSE, "no Algorithm, line %u", sph_xml_line(node));
    *out = uri;
    return sph_ok();
}

sph_rc sph_shape_empty_algorithm(const sph_xml_node *node, const char *uri, sph_err *err)
{
    const char *given;
    SPH_TRY(sph_shape_algorithm(node, &given, err), err, "algorithm");
    if (!sph_slice_is(sph_slice_str(given), uri))
        return sph_fail(err, SPH_EUNSUPPORTED, "algorithm, line %u", sph_xml_line(node));
    if (!sph_xml_is_empty(node))
        return sph_fail(err, SPH_EPARSE, "parameters of an algorithm, line %u", sph_xml_line(node));
    return sph_ok();
}

/* Depth is bounded by the pre-scan. */
sph_rc sph_shape_plain(const sph_xml_node *node, sph_err *err)
{
    for (const sph_xml_node *at = node->children; at; at = at->next) {
        if (at->type != XML_ELEMENT_NODE && at->type != XML_TEXT_NODE)
            return sph_fail(err, SPH_EPARSE, "comment, CDATA or instruction, line %u",
                            sph_xml_line(node));
        if (at->type == XML_ELEMENT_NODE) {
            const sph_rc rc = sph_shape_plain(at, err);
            if (rc.code != SPH_OK)
                return rc;
        }
    }
    return sph_ok();
}

sph_rc sph_shape_base64(const sph_xml_node *node, size_t most, sph_buf *out, sph_err *err)
{
    /* Base64 grows by a third; white space of a line break every few characters is let through. */
    SPH_AUTO(sph_buf) text = sph_buf_init(most * 2 + 1024);
    SPH_AUTO(sph_buf) octets = sph_buf_init(most);
    SPH_TRY(sph_xml_value(node, &text, err), err, "base64 value");
    SPH_TRY(sph_base64_decode_xml(sph_buf_peek(&text), &octets, err), err, "base64 value");
    sph_buf_clear(out);
    sph_buf_take(&octets, out);
    return sph_ok();
}
