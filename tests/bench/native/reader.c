/* Walks an XML document with libxml2's streaming reader, again and again; prints nanoseconds a walk. */
#include <libxml/xmlreader.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: reader FILE WALKS\n");
        return 2;
    }
    static char bytes[65536];
    FILE *file = fopen(argv[1], "rb");
    if (!file) return 2;
    int length = (int)fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    long walks = atol(argv[2]);
    xmlTextReaderPtr reader = xmlReaderForMemory(bytes, length, NULL, NULL, XML_PARSE_NONET);
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (long n = 0; n < walks; n++) {
        /* The same reader each time: it is pointed at the document again, not made anew. */
        if (xmlReaderNewMemory(reader, bytes, length, NULL, NULL, XML_PARSE_NONET) != 0) return 1;
        int more;
        while ((more = xmlTextReaderRead(reader)) == 1) {
            xmlTextReaderConstLocalName(reader);
            xmlTextReaderConstValue(reader);
        }
        if (more != 0) return 1;
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    double ns = (end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec);
    printf("%.0f\n", ns / walks);
    xmlFreeTextReader(reader);
    return 0;
}
