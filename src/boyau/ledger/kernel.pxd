# What the compiled kernel needs of C beside the language: one instruction that asks for a cache line ahead of time.

cdef extern from *:
    """
    #if defined(__GNUC__) || defined(__clang__)
    #define boyau_prefetch(address) __builtin_prefetch(address)
    #else
    #define boyau_prefetch(address) ((void)(address))
    #endif
    """
    void prefetch "boyau_prefetch"(const void *address) noexcept nogil
