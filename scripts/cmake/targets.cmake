# What every target of this project is made of.
include_guard(GLOBAL)

find_program(FIBERLAB_CCACHE ccache)
if(FIBERLAB_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${FIBERLAB_CCACHE}")
endif()

# The one place that sets a target's options.
function(fiberlab_target_options target)
    target_compile_features(${target} PRIVATE cxx_std_23)
    set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
    target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}" "${PROJECT_BINARY_DIR}/generated")
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)
    # GCC 12 sees overlapping copies in any std::string that it inlines (its bug 105651).
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
    if(FIBERLAB_SANITIZE)
        target_compile_options(
            ${target} PRIVATE -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all)
        # Behind the sanitizers' own code GCC takes initialised variables for uninitialised ones, in Boost's headers too.
        target_compile_options(${target} PRIVATE -Wno-uninitialized -Wno-maybe-uninitialized)
        target_link_options(${target} PRIVATE -fsanitize=address,undefined)
    endif()
endfunction()

# fiberlab_library(NAME [IN folder…] [SOURCES file…] [LINK target…])
#
# A static library of the sources given and of all .cpp files below the folders given; the current folder when neither
# is. One without any source is an interface library: its LINK still reaches whoever links it.
function(fiberlab_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "IN;SOURCES;LINK")
    _fiberlab_sources(sources)
    if(sources)
        add_library(${name} STATIC ${sources})
        fiberlab_target_options(${name})
        target_link_libraries(${name} PUBLIC ${arg_LINK})
    else()
        add_library(${name} INTERFACE)
        target_link_libraries(${name} INTERFACE ${arg_LINK})
    endif()
endfunction()

# fiberlab_executable(NAME [IN folder…] [SOURCES file…] [LINK target…])
function(fiberlab_executable name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "IN;SOURCES;LINK")
    _fiberlab_sources(sources)
    add_executable(${name} ${sources})
    fiberlab_target_options(${name})
    target_link_libraries(${name} PRIVATE ${arg_LINK})
endfunction()

# Sources of the function above, from its arg_IN and arg_SOURCES.
macro(_fiberlab_sources result)
    set(${result} ${arg_SOURCES})
    if(NOT arg_IN AND NOT arg_SOURCES)
        set(arg_IN .)
    endif()
    foreach(folder IN LISTS arg_IN)
        file(GLOB_RECURSE found CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp")
        list(APPEND ${result} ${found})
    endforeach()
endmacro()

# fiberlab_test(NAME [IN folder…] [SOURCES file…] [LINK target…])
#
# One doctest executable; ctest gets an entry for each *_test.cpp ("core/channel" for tests/core/channel_test.cpp), so
# that the files of one executable run side by side. The label is the folder: "core".
function(fiberlab_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "IN;SOURCES;LINK")
    _fiberlab_sources(sources)
    add_executable(${name} ${sources})
    fiberlab_target_options(${name})
    target_link_libraries(${name} PRIVATE ${arg_LINK} test_support)
    foreach(source IN LISTS sources)
        cmake_path(ABSOLUTE_PATH source)
        cmake_path(RELATIVE_PATH source BASE_DIRECTORY "${PROJECT_SOURCE_DIR}/tests")
        if(NOT source MATCHES "^(([^/]+)/.+)_test\\.cpp$")
            continue()
        endif()
        set(test "${CMAKE_MATCH_1}")
        set(label "${CMAKE_MATCH_2}")
        add_test(NAME ${test} COMMAND ${name} "--source-file=*/tests/${source}")
        set_tests_properties(
            ${test}
            PROPERTIES LABELS ${label}
                       TIMEOUT 300
                       ENVIRONMENT "ASAN_OPTIONS=detect_stack_use_after_return=0"
                       # A filter that matches nothing would pass.
                       FAIL_REGULAR_EXPRESSION "test cases: +0 ")
    endforeach()
endfunction()
