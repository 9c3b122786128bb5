#include "logs/image.h"

enum { JPEG_SEGMENTS = 256 }; /* looked at before the one with the size */

static uint32_t big16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t big32(const uint8_t *p)
{
    return big16(p) << 16 | big16(p + 2);
}

static uint32_t little16(const uint8_t *p)
{
    return (uint32_t)p[1] << 8 | p[0];
}

static uint32_t little24(const uint8_t *p)
{
    return (uint32_t)p[2] << 16 | little16(p);
}

/* PNG (W3C) §11.2.2: IHDR comes first. */
static void png_look(struct bytes in, struct image_facts *facts)
{
    facts->format = "PNG";
    if (in.len >= 24) {
        facts->width = big32(in.ptr + 16);
        facts->height = big32(in.ptr + 20);
    }
}

static void gif_look(struct bytes in, struct image_facts *facts)
{
    facts->format = "GIF";
    if (in.len >= 10) {
        facts->width = little16(in.ptr + 6);
        facts->height = little16(in.ptr + 8);
    }
}

/* Start of frame: C0 to CF but for DHT, JPG and DAC (ITU T.81 table B.1). */
static bool is_frame(uint8_t marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

static void jpeg_look(struct bytes in, struct image_facts *facts)
{
    facts->format = "JPEG";
    in = bytes_from(in, 2);
    for (int i = 0; i < JPEG_SEGMENTS && in.len >= 9 && in.ptr[0] == 0xff; i++) {
        if (is_frame(in.ptr[1])) {
            facts->height = big16(in.ptr + 5);
            facts->width = big16(in.ptr + 7);
            return;
        }
        in = bytes_from(in, 2 + big16(in.ptr + 2));
    }
}

/* RFC 9649 §2.5 to 2.7: three kinds of first chunk. */
static void webp_look(struct bytes in, struct image_facts *facts)
{
    struct bytes chunk = bytes_from(in, 12);

    facts->format = "WebP";
    if (chunk.len < 18)
        return;
    if (bytes_starts_with(chunk, BYTES("VP8X"))) {
        facts->width = little24(chunk.ptr + 12) + 1;
        facts->height = little24(chunk.ptr + 15) + 1;
    } else if (bytes_starts_with(chunk, BYTES("VP8 "))) {
        facts->width = little16(chunk.ptr + 14) & 0x3fff;
        facts->height = little16(chunk.ptr + 16) & 0x3fff;
    } else if (bytes_starts_with(chunk, BYTES("VP8L"))) {
        uint32_t bits = little24(chunk.ptr + 9) | (uint32_t)chunk.ptr[12] << 24;

        facts->width = (bits & 0x3fff) + 1;
        facts->height = (bits >> 14 & 0x3fff) + 1;
    }
}

bool image_look(struct bytes in, struct image_facts *ret_facts)
{
    struct image_facts facts = {0};

    if (bytes_starts_with(in, BYTES("\x89PNG\r\n\x1a\n")))
        png_look(in, &facts);
    else if (bytes_starts_with(in, BYTES("GIF8")))
        gif_look(in, &facts);
    else if (bytes_starts_with(in, BYTES("\xff\xd8\xff")))
        jpeg_look(in, &facts);
    else if (bytes_starts_with(in, BYTES("RIFF")) &&
             bytes_starts_with(bytes_from(in, 8), BYTES("WEBP")))
        webp_look(in, &facts);
    else if (bytes_starts_with(in, BYTES("BM")))
        facts.format = "BMP";
    else if (bytes_starts_with(in, BYTES("\0\0\1\0")))
        facts.format = "ICO";
    else if (bytes_starts_with(bytes_from(in, 4), BYTES("ftypavi")))
        facts.format = "AVIF";
    if (!facts.format)
        return false;
    *ret_facts = facts;
    return true;
}
