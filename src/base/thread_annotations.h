// Names for clang's thread-safety attributes; nothing under other compilers.
// See https://clang.llvm.org/docs/ThreadSafetyAnalysis.html
#pragma once

#if defined(__clang__)
#define PLUGBOARD_TSA(x) __attribute__((x))
#else
#define PLUGBOARD_TSA(x)
#endif

#define CAPABILITY(x) PLUGBOARD_TSA(capability(x))
#define SCOPED_CAPABILITY PLUGBOARD_TSA(scoped_lockable)
#define GUARDED_BY(x) PLUGBOARD_TSA(guarded_by(x))
#define PT_GUARDED_BY(x) PLUGBOARD_TSA(pt_guarded_by(x))
#define REQUIRES(...) PLUGBOARD_TSA(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) PLUGBOARD_TSA(locks_excluded(__VA_ARGS__))
#define ACQUIRE(...) PLUGBOARD_TSA(acquire_capability(__VA_ARGS__))
#define RELEASE(...) PLUGBOARD_TSA(release_capability(__VA_ARGS__))
#define TRY_ACQUIRE(...) PLUGBOARD_TSA(try_acquire_capability(__VA_ARGS__))
#define ASSERT_CAPABILITY(x) PLUGBOARD_TSA(assert_capability(x))
#define RETURN_CAPABILITY(x) PLUGBOARD_TSA(lock_returned(x))
#define NO_THREAD_SAFETY_ANALYSIS PLUGBOARD_TSA(no_thread_safety_analysis)
