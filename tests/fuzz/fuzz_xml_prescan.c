/* The pre-scan against libxml2: what the parser gives back must lie within the limits that the
 * pre-scan let through, counted anew on the tree. A difference in how the two see tags, quotes or
 * comments shows as a count over its limit. */
#include <stdlib.h>

#include "xml/xml.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    sph_xml_start();
    return 0;
}

struct counts {
    size_t elements, depth, attributes, namespaces, text;
};

static void raise_to(size_t *most, size_t value)
{
    if (value > *most)
        *most = value;
}

static void count_below(const sph_xml_node *node, size_t depth, struct counts *counts)
{
    counts->elements++;
    raise_to(&counts->depth, depth);
    const size_t declarations = sph_xml_declaration_count(node);
    raise_to(&counts->namespaces, declarations);
    raise_to(&counts->attributes, sph_xml_attr_count(node) + declarations);
    sph_xml_item item = {0};
    while (sph_xml_next_item(node, &item)) {
        if (item.element)
            count_below(item.element, depth + 1, counts);
        else
            raise_to(&counts->text, sph_slice_str(item.text).len);
    }
}

static void check(sph_slice text, const struct sph_xml_limits *limits)
{
    sph_xml *doc = NULL;
    const bool scanned = sph_xml_prescan(text, limits, NULL, NULL).code == SPH_OK;
    if (sph_xml_parse(text, limits, &doc, NULL).code != SPH_OK)
        return;
    struct counts counts = {0};
    count_below(sph_xml_root(doc), 1, &counts);
    if (!scanned || counts.elements > limits->elements || counts.depth > limits->depth ||
        counts.attributes > limits->attributes || counts.namespaces > limits->namespaces ||
        counts.text > limits->text)
        abort();
    sph_xml_free(&doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct sph_xml_limits tight = {4096, 4, 12, 5, 2, 120, 40, size % 2 == 0};
    const struct sph_xml_limits wide = {65536, 64, 20000, 64, 32, 8192, 65536, size % 2 == 0};
    const sph_slice text = sph_slice_of(data, size);
    check(text, &tight);
    check(text, &wide);
    return 0;
}
