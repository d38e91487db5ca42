#include "packet/akn.h"

/* The reduction of a judgment's text (packets.md 7): what the profile names is kept, what it does
 * not name gives its content to its place, and no word of the judgment is lost. */
static bool is_blank(const char *text)
{
    while (*text == ' ' || *text == '\t' || *text == '\r' || *text == '\n')
        text++;
    return *text == '\0';
}

static const char *name_of(const struct sph_akn_element *row)
{
    return row->becomes ? row->becomes : row->name;
}

static bool is_block(enum sph_akn_class class)
{
    return class == SPH_AKN_PARAGRAPH || class == SPH_AKN_CONTAINER || class == SPH_AKN_LIST ||
           class == SPH_AKN_ITEM || class == SPH_AKN_TABLE || class == SPH_AKN_HIERARCHY ||
           class == SPH_AKN_TITLE;
}

static void emit_inline_element(struct sph_akn_reduction *r, const sph_xml_node *node);

static void unwrap_inline(struct sph_akn_reduction *r, const sph_xml_node *node, bool is_apart)
{
    sph_akn_count(r, sph_xml_local(node), false);
    if (is_apart)
        sph_xml_text(r->w, SPH_LIT(" "));
    sph_akn_inline(r, node);
    if (is_apart)
        sph_xml_text(r->w, SPH_LIT(" "));
}

static void emit_kept_inline(struct sph_akn_reduction *r, const struct sph_akn_element *row,
                             const sph_xml_node *node)
{
    const bool is_span = sph_akn_lacks(r, row, node) != 0;
    if (is_span)
        r->facts->dropped_references += !r->is_collecting;
    sph_xml_open(r->w, is_span ? "span" : name_of(row));
    sph_akn_attributes(r, row, node);
    sph_akn_inline(r, node);
    sph_xml_close(r->w);
}

static void emit_marker(struct sph_akn_reduction *r, const struct sph_akn_element *row,
                        const sph_xml_node *node)
{
    if (sph_akn_lacks(r, row, node) != 0) {
        sph_akn_count(r, row->name, true);
        return;
    }
    sph_xml_open(r->w, name_of(row));
    sph_akn_attributes(r, row, node);
    sph_xml_close(r->w);
}

static void emit_note(struct sph_akn_reduction *r, const struct sph_akn_element *row,
                      const sph_xml_node *node)
{
    sph_xml_open(r->w, row->name);
    sph_akn_attributes(r, row, node);
    sph_akn_blocks(r, node, false, true);
    sph_xml_close(r->w);
}

static void emit_inline_element(struct sph_akn_reduction *r, const sph_xml_node *node)
{
    const struct sph_akn_element *row = sph_akn_find(node);
    if (row->class == SPH_AKN_INLINE)
        emit_kept_inline(r, row, node);
    else if (row->class == SPH_AKN_MARKER)
        emit_marker(r, row, node);
    else if (row->class == SPH_AKN_NOTE)
        emit_note(r, row, node);
    else if (row->class == SPH_AKN_DROPPED)
        sph_akn_count(r, row->name, true);
    else
        unwrap_inline(r, node, is_block(row->class));
}

void sph_akn_inline(struct sph_akn_reduction *r, const sph_xml_node *node)
{
    sph_xml_item item = {NULL, NULL, NULL};
    while (sph_xml_next_item(node, &item)) {
        if (item.text)
            sph_akn_text(r, item.text);
        else
            emit_inline_element(r, item.element);
    }
}

/* Where blocks are written: text between them gathers in a <p> of its own. */
struct place {
    bool has_parts, has_open_p;
    size_t count;
};

static void close_p(struct sph_akn_reduction *r, struct place *place)
{
    if (place->has_open_p)
        sph_xml_close(r->w);
    place->has_open_p = false;
}

static void open_p(struct sph_akn_reduction *r, struct place *place)
{
    if (place->has_open_p)
        return;
    sph_xml_open(r->w, "p");
    place->has_open_p = true;
    place->count++;
}

static void emit_lines(struct sph_akn_reduction *r, const struct sph_akn_element *row,
                       const sph_xml_node *node)
{
    sph_xml_open(r->w, row->class == SPH_AKN_PARAGRAPH ? name_of(row) : "p");
    sph_akn_attributes(r, row, node);
    sph_akn_inline(r, node);
    sph_xml_close(r->w);
}

static void emit_container(struct sph_akn_reduction *r, const struct sph_akn_element *row,
                           const sph_xml_node *node)
{
    sph_xml_open(r->w, name_of(row));
    sph_akn_attributes(r, row, node);
    sph_akn_titled(r, node);
    sph_xml_close(r->w);
}

static void fill_place(struct sph_akn_reduction *r, const sph_xml_node *node, struct place *place);

/* A block that the profile does not name, or not here: its own blocks, or one <p> when it has text.
 */
static void unwrap_block(struct sph_akn_reduction *r, const struct sph_akn_element *row,
                         const sph_xml_node *node, struct place *place)
{
    sph_akn_count(r, sph_xml_local(node), false);
    if (sph_xml_has_only_elements(node) && row->class != SPH_AKN_TITLE) {
        fill_place(r, node, place);
        return;
    }
    emit_lines(r, row, node);
    place->count++;
}

static void emit_block(struct sph_akn_reduction *r, const struct sph_akn_element *row,
                       const sph_xml_node *node, struct place *place)
{
    const size_t before = place->count++;
    if (row->class == SPH_AKN_PARAGRAPH)
        emit_lines(r, row, node);
    else if (row->class == SPH_AKN_CONTAINER)
        emit_container(r, row, node);
    else if (row->class == SPH_AKN_LIST)
        sph_akn_list(r, node);
    else if (row->class == SPH_AKN_TABLE)
        sph_akn_table(r, node);
    else if (row->class == SPH_AKN_HIERARCHY && place->has_parts)
        sph_akn_hierarchy(r, node);
    else {
        place->count = before;
        unwrap_block(r, row, node, place);
    }
}

static void emit_in_place(struct sph_akn_reduction *r, const sph_xml_node *node,
                          struct place *place)
{
    const struct sph_akn_element *row = sph_akn_find(node);
    if (row->class == SPH_AKN_DROPPED) {
        sph_akn_count(r, row->name, true);
        return;
    }
    if (row->class == SPH_AKN_INLINE || row->class == SPH_AKN_MARKER ||
        row->class == SPH_AKN_NOTE) {
        open_p(r, place);
        emit_inline_element(r, node);
        return;
    }
    close_p(r, place);
    emit_block(r, row, node, place);
}

static void fill_item(struct sph_akn_reduction *r, const sph_xml_item *item, struct place *place)
{
    if (item->element) {
        emit_in_place(r, item->element, place);
        return;
    }
    if (is_blank(item->text) && !place->has_open_p)
        return;
    open_p(r, place);
    sph_akn_text(r, item->text);
}

static void fill_place(struct sph_akn_reduction *r, const sph_xml_node *node, struct place *place)
{
    sph_xml_item item = {NULL, NULL, NULL};
    while (sph_xml_next_item(node, &item))
        fill_item(r, &item, place);
    close_p(r, place);
}

static void finish_place(struct sph_akn_reduction *r, struct place *place, bool needs_one)
{
    close_p(r, place);
    if (place->count == 0 && needs_one)
        sph_xml_leaf(r->w, "p", "");
}

void sph_akn_blocks(struct sph_akn_reduction *r, const sph_xml_node *node, bool has_parts,
                    bool needs_one)
{
    struct place place = {has_parts, false, 0};
    fill_place(r, node, &place);
    finish_place(r, &place, needs_one);
}

static void emit_title(struct sph_akn_reduction *r, const sph_xml_node *node)
{
    const struct sph_akn_element *row = sph_akn_find(node);
    sph_xml_open(r->w, name_of(row));
    sph_akn_attributes(r, row, node);
    sph_akn_inline(r, node);
    sph_xml_close(r->w);
}

void sph_akn_titled(struct sph_akn_reduction *r, const sph_xml_node *node)
{
    struct place place = {false, false, 0};
    sph_xml_item item = {NULL, NULL, NULL};
    bool is_leading = true;
    while (sph_xml_next_item(node, &item)) {
        if (is_leading && item.element && sph_akn_find(item.element)->class == SPH_AKN_TITLE) {
            emit_title(r, item.element);
            continue;
        }
        is_leading = is_leading && !item.element && is_blank(item.text);
        fill_item(r, &item, &place);
    }
    finish_place(r, &place, true);
}

/* Text, or a child that is no hierarchy, below one that has hierarchies: a level of its own. */
static void emit_own_level(struct sph_akn_reduction *r, const sph_xml_item *item)
{
    struct place place = {false, false, 0};
    sph_xml_open(r->w, "level");
    sph_xml_open(r->w, "content");
    if (item->element)
        sph_akn_count(r, sph_xml_local(item->element), false);
    if (item->element && sph_xml_has_only_elements(item->element))
        fill_place(r, item->element, &place);
    else
        fill_item(r, item, &place);
    close_p(r, &place);
    sph_xml_close(r->w);
    sph_xml_close(r->w);
}

static bool is_content(const sph_xml_node *node)
{
    return sph_xml_is(node, SPH_NS_AKN, "content");
}

/* True when one <content>, behind titles, is all there is. */
static bool is_simple(const sph_xml_node *node)
{
    const sph_xml_node *at = sph_xml_first(node);
    while (at && sph_akn_find(at)->class == SPH_AKN_TITLE)
        at = sph_xml_next(at);
    return is_content(at) && !sph_xml_next(at) && sph_xml_has_only_elements(node);
}

static void emit_content(struct sph_akn_reduction *r, const sph_xml_node *node)
{
    sph_xml_open(r->w, "content");
    sph_akn_set_id(r, sph_xml_attr(node, NULL, "eId"));
    sph_akn_blocks(r, node, false, false);
    sph_xml_close(r->w);
}

static void emit_below(struct sph_akn_reduction *r, const sph_xml_node *node)
{
    const bool simple = is_simple(node);
    bool is_leading = true;
    sph_xml_item item = {NULL, NULL, NULL};
    while (sph_xml_next_item(node, &item)) {
        if (!item.element && is_blank(item.text))
            continue;
        const struct sph_akn_element *row = item.element ? sph_akn_find(item.element) : NULL;
        if (is_leading && row && row->class == SPH_AKN_TITLE) {
            emit_title(r, item.element);
            continue;
        }
        is_leading = false;
        if (row && row->class == SPH_AKN_HIERARCHY)
            sph_akn_hierarchy(r, item.element);
        else if (simple && is_content(item.element))
            emit_content(r, item.element);
        else if (row && row->class == SPH_AKN_DROPPED)
            sph_akn_count(r, row->name, true);
        else
            emit_own_level(r, &item);
    }
}

void sph_akn_hierarchy(struct sph_akn_reduction *r, const sph_xml_node *node)
{
    const struct sph_akn_element *row = sph_akn_find(node);
    if (row->becomes)
        sph_akn_count(r, row->name, false);
    sph_xml_open(r->w, name_of(row));
    sph_akn_attributes(r, row, node);
    emit_below(r, node);
    sph_xml_close(r->w);
}
