# Demos: what becomes a command. Each is a folder with demo.cpp, explain.md and a mirrored test; the build makes the
# program's command table from the list of those registered here, in that order.
include_guard(GLOBAL)

# fiberlab_pattern(name [LINK target…])
#
# patterns/<name>/ becomes the library pattern_<name> and the command "<name>", with - for _.
function(fiberlab_pattern name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LINK")
    string(REPLACE "_" "-" command "${name}")
    _fiberlab_require(
        "Pattern '${name}'" patterns/${name}/${name}.hpp patterns/${name}/demo.cpp patterns/${name}/explain.md
        tests/patterns/${name}_test.cpp)
    _fiberlab_demo(patterns/${name} ${name} pattern_${name} LINK ${arg_LINK})
    set_property(GLOBAL APPEND PROPERTY FIBERLAB_PATTERNS ${name})
endfunction()

# fiberlab_lock_demo(folder verb [LINK target…])
#
# locks/<folder>/ becomes the library locks_<folder> and the command "lock <verb>".
function(fiberlab_lock_demo folder verb)
    cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "LINK")
    string(REPLACE "-" "_" function "lock_${verb}")
    _fiberlab_require("Lock demo '${folder}'" locks/${folder}/demo.cpp locks/${folder}/explain.md
                      tests/locks/${folder}_test.cpp)
    _fiberlab_demo(locks/${folder} ${function} locks_${folder} LINK locks_core ${arg_LINK})
endfunction()

# The command table: all_commands() of apps/fiberlab/commands.hpp, added to `target`.
function(fiberlab_command_table target)
    _fiberlab_refuse_unlisted()
    get_property(functions GLOBAL PROPERTY FIBERLAB_DEMOS)
    get_property(libraries GLOBAL PROPERTY FIBERLAB_DEMO_LIBRARIES)
    set(declarations "")
    set(entries "")
    foreach(function IN LISTS functions)
        string(APPEND declarations "const demo::command& ${function}();\n")
        string(APPEND entries "        &demos::${function}(),\n")
    endforeach()
    set(table "${PROJECT_BINARY_DIR}/generated/commands.cpp")
    configure_file("${PROJECT_SOURCE_DIR}/scripts/cmake/commands.cpp.in" "${table}" @ONLY)
    target_sources(${target} PRIVATE "${table}")
    target_link_libraries(${target} PRIVATE ${libraries})
endfunction()

# A library of `folder` with its explanation, known to the command table as fiberlab::demos::<function>().
function(_fiberlab_demo folder function library)
    cmake_parse_arguments(PARSE_ARGV 3 arg "" "" "LINK")
    set(explain "${PROJECT_SOURCE_DIR}/${folder}/explain.md")
    set(generated "${PROJECT_BINARY_DIR}/generated/explanations/${function}")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${explain}")
    file(READ "${explain}" text)
    configure_file("${PROJECT_SOURCE_DIR}/scripts/cmake/explanation.hpp.in" "${generated}.hpp" @ONLY)
    configure_file("${PROJECT_SOURCE_DIR}/scripts/cmake/explanation.cpp.in" "${generated}.cpp" @ONLY)

    file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/*.cpp")
    fiberlab_library(${library} SOURCES ${sources} "${generated}.cpp" LINK fiberlab_demo ${arg_LINK})
    set_property(GLOBAL APPEND PROPERTY FIBERLAB_DEMO_FOLDERS ${folder})
    set_property(GLOBAL APPEND PROPERTY FIBERLAB_DEMOS ${function})
    set_property(GLOBAL APPEND PROPERTY FIBERLAB_DEMO_LIBRARIES ${library})
endfunction()

function(_fiberlab_require who)
    foreach(file IN LISTS ARGN)
        if(NOT EXISTS "${PROJECT_SOURCE_DIR}/${file}")
            list(APPEND missing "${file}")
        endif()
    endforeach()
    if(missing)
        list(JOIN missing ", " missing)
        message(FATAL_ERROR "${who} is not complete. Missing: ${missing}")
    endif()
endfunction()

# Stops when the folder of a demo, or the test of a pattern, is in no list: written, but never built.
function(_fiberlab_refuse_unlisted)
    get_property(listed GLOBAL PROPERTY FIBERLAB_DEMO_FOLDERS)
    list(APPEND listed patterns/core patterns/demo)
    file(GLOB files CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/patterns/*/*"
         "${PROJECT_SOURCE_DIR}/locks/*/demo.cpp" "${PROJECT_SOURCE_DIR}/tests/patterns/*_test.cpp")
    foreach(file IN LISTS files)
        string(REGEX REPLACE "^tests/(.+)_test\\.cpp$" "\\1/" demo "${file}")
        cmake_path(GET demo PARENT_PATH folder)
        if(NOT folder IN_LIST listed)
            message(FATAL_ERROR "${file} belongs to no command: ${folder} is not registered in its parent's CMakeLists.txt")
        endif()
    endforeach()
endfunction()
