# What the compiled kernel needs of C beside the language: one instruction that asks for a cache line ahead of time.

# And one type: 128 bits, so that products of amounts can be compared without dividing.

cdef extern from *:
    """
    #if defined(__GNUC__) || defined(__clang__)
    #define boyau_prefetch(address) __builtin_prefetch(address)
    #else
    #define boyau_prefetch(address) ((void)(address))
    #endif
    """
    ctypedef long long wide "__int128"
    void prefetch "boyau_prefetch"(const void *address) noexcept nogil
