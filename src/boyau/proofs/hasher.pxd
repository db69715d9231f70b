# The three functions of OpenSSL's SHA-256, called by address: no header file is needed, and no interpreter between calls.

ctypedef int (*start_t)(void *context) noexcept nogil
ctypedef int (*update_t)(void *context, const void *data, size_t size) noexcept nogil
ctypedef int (*finish_t)(unsigned char *out, void *context) noexcept nogil

cdef start_t start
cdef update_t update
cdef finish_t finish
