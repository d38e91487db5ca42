/* Host program of the build: turns data files into C tables.
 *   embed texts OUT FILE…   catalogue files: "[key]" then "en = …", "lo = …", "th = …"; sorted by
 * key embed files OUT FILE…   each file as a byte array under its own name A fault in a file is one
 * clear line with its place, and exit 1. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_MAX 8192
#define LINE_MAX_BYTES 8192

struct entry {
    char *key, *text[3];
};
static const char *const languages[3] = {"en", "lo", "th"};

static int refuse(const char *file, unsigned line, const char *why)
{
    fprintf(stderr, "%s:%u: %s\n", file, line, why);
    return 1;
}

static char *trimmed(char *text)
{
    while (*text == ' ' || *text == '\t')
        text++;
    char *end = text + strlen(text);
    while (end > text && strchr(" \t\r\n", end[-1]))
        *--end = '\0';
    return text;
}

static int language_of(const char *name)
{
    for (int i = 0; i < 3; i++)
        if (strcmp(name, languages[i]) == 0)
            return i;
    return -1;
}

static int read_line(struct entry *entries, size_t *count, char *line, const char *file,
                     unsigned at)
{
    char *text = trimmed(line);
    if (*text == '\0' || *text == '#')
        return 0;
    if (*text == '[') {
        char *end = strchr(text, ']');
        if (!end || *count == KEYS_MAX)
            return refuse(file, at, "bad section or too many keys");
        *end = '\0';
        entries[(*count)++].key = strdup(text + 1);
        return 0;
    }
    char *equals = strchr(text, '=');
    if (!equals || *count == 0)
        return refuse(file, at,
                      "expected \"en = text\", \"lo = text\" or \"th = text\" after a [key]");
    *equals = '\0';
    const int language = language_of(trimmed(text));
    struct entry *entry = &entries[*count - 1];
    if (language < 0 || entry->text[language])
        return refuse(file, at, "unknown or repeated language");
    entry->text[language] = strdup(trimmed(equals + 1));
    return 0;
}

static int read_texts(struct entry *entries, size_t *count, const char *file)
{
    char line[LINE_MAX_BYTES];
    unsigned at = 0;
    FILE *in = fopen(file, "rb");
    if (!in)
        return refuse(file, 0, "cannot be read");
    int failed = 0;
    while (!failed && fgets(line, sizeof(line), in))
        failed = read_line(entries, count, line, file, ++at);
    fclose(in);
    return failed;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->key, ((const struct entry *)b)->key);
}

static void write_literal(FILE *out, const char *text)
{
    fputc('"', out);
    for (const char *at = text; *at; at++) {
        if (*at == '\\' && at[1] == 'n') {
            fputs("\\n", out);
            at++;
        } else if (*at == '"' || *at == '\\') {
            fprintf(out, "\\%c", *at);
        } else {
            fputc(*at, out);
        }
    }
    fputc('"', out);
}

static int write_texts(const char *path, struct entry *entries, size_t count)
{
    FILE *out = fopen(path, "wb");
    if (!out)
        return refuse(path, 0, "cannot be written");
    fputs("/* Generated from node/texts. */\n#include \"base/texts_table.h\"\n", out);
    fputs("const struct sph_text_row sph_texts_table[] = {\n", out);
    int failed = 0;
    for (size_t i = 0; i < count && !failed; i++) {
        if (i > 0 && strcmp(entries[i - 1].key, entries[i].key) == 0)
            failed = refuse(entries[i].key, 0, "key stands twice in the catalogue");
        fputs("    {", out);
        write_literal(out, entries[i].key);
        for (int language = 0; language < 3 && !failed; language++) {
            if (!entries[i].text[language]) {
                failed = refuse(entries[i].key, 0, "a language is missing in the catalogue");
                break;
            }
            fputs(language == 0 ? ", {" : ", ", out);
            write_literal(out, entries[i].text[language]);
        }
        fputs("}},\n", out);
    }
    fprintf(out, "};\nconst size_t sph_texts_count = %zu;\n", count);
    return fclose(out) != 0 || failed;
}

static int embed_texts(const char *path, char **files, int file_count)
{
    static struct entry entries[KEYS_MAX];
    size_t count = 0;
    for (int i = 0; i < file_count; i++)
        if (read_texts(entries, &count, files[i]))
            return 1;
    qsort(entries, count, sizeof(entries[0]), by_key);
    return write_texts(path, entries, count);
}

static int write_file_bytes(FILE *out, const char *file, int number)
{
    FILE *in = fopen(file, "rb");
    if (!in)
        return refuse(file, 0, "cannot be read");
    fprintf(out, "static const unsigned char bytes_%d[] = {", number);
    int byte = 0;
    for (size_t at = 0; (byte = fgetc(in)) != EOF; at++)
        fprintf(out, "%s%d,", at % 20 == 0 ? "\n" : "", byte);
    fputs("0};\n", out);
    fclose(in);
    return 0;
}

/* What a table of files is called, and the header that declares it. */
struct table {
    const char *mode, *from, *header, *type, *name, *count;
};
static const struct table tables[] = {
    {"files", "schemas/", "packet/schema_files.h", "sph_schema_file", "sph_schema_files",
     "sph_schema_file_count"},
    {"samples", "docs/samples/demo", "cli/demo_files.h", "sph_demo_file", "sph_demo_files",
     "sph_demo_file_count"},
};

static int embed_files(const struct table *table, const char *path, char **files, int file_count)
{
    FILE *out = fopen(path, "wb");
    if (!out)
        return refuse(path, 0, "cannot be written");
    fprintf(out, "/* Generated from %s. */\n#include \"%s\"\n", table->from, table->header);
    int failed = 0;
    for (int i = 0; i < file_count && !failed; i++)
        failed = write_file_bytes(out, files[i], i);
    fprintf(out, "const struct %s %s[] = {\n", table->type, table->name);
    for (int i = 0; i < file_count; i++) {
        const char *slash = strrchr(files[i], '/');
        fprintf(out, "    {\"%s\", bytes_%d, sizeof(bytes_%d) - 1},\n",
                slash ? slash + 1 : files[i], i, i);
    }
    fprintf(out, "};\nconst size_t %s = %d;\n", table->count, file_count);
    return fclose(out) != 0 || failed;
}

int main(int argc, char **argv)
{
    if (argc >= 3 && strcmp(argv[1], "texts") == 0)
        return embed_texts(argv[2], argv + 3, argc - 3);
    for (size_t i = 0; argc >= 3 && i < sizeof(tables) / sizeof(tables[0]); i++)
        if (strcmp(argv[1], tables[i].mode) == 0)
            return embed_files(&tables[i], argv[2], argv + 3, argc - 3);
    fputs("usage: embed texts|files|samples OUT FILE…\n", stderr);
    return 2;
}
