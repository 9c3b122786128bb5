/* image: what the first bytes of an image tell of it. Nothing is decoded. */
#ifndef WEIR_LOGS_IMAGE_H
#define WEIR_LOGS_IMAGE_H

#include "base/bytes.h"

struct image_facts {
    const char *format;     /* "PNG"; static */
    uint32_t width, height; /* pixels; 0: not known */
};

/* False: it is none of PNG, GIF, JPEG, WebP, BMP, ICO, AVIF. */
bool image_look(struct bytes in, struct image_facts *ret_facts);

#endif
