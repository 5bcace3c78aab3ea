#ifndef CZLIB_SHIM_H
#define CZLIB_SHIM_H
#include <stddef.h>
#include <string.h>
#include <zlib.h>
/* zlib starts a stream by a macro, which Swift cannot import.
   Inflates a raw deflate stream that must give exactly `expected` bytes; 1 where it does. */
static inline int cz_inflate(const unsigned char *source, unsigned length,
                             unsigned char *target, unsigned expected) {
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return 0;
    stream.next_in = (z_const Bytef *)source;
    stream.avail_in = length;
    stream.next_out = target;
    stream.avail_out = expected;
    int status = inflate(&stream, Z_FINISH);
    int complete = status == Z_STREAM_END && stream.avail_out == 0;
    inflateEnd(&stream);
    return complete;
}
#endif
