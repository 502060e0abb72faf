# Embeds assets/** in the program: one assembler file with .incbin, one table sorted by path (base/assets.h).
# Fonts and icons of the window are Qt resources instead and live in assets/window/.
function(timonel_embed_assets target)
    set(root ${CMAKE_SOURCE_DIR}/assets)
    file(GLOB_RECURSE files RELATIVE ${root} CONFIGURE_DEPENDS ${root}/*)
    list(FILTER files EXCLUDE REGEX "^window/")
    list(SORT files COMPARE STRING)
    set(assembly ".section .rodata\n")
    set(declarations "")
    set(table "")
    set(depends "")
    set(count 0)
    foreach(file ${files})
        string(APPEND assembly ".global timonelAsset${count}\n.global timonelAssetEnd${count}\n.balign 16\n"
            "timonelAsset${count}:\n.incbin \"${root}/${file}\"\ntimonelAssetEnd${count}:\n.byte 0\n")
        string(APPEND declarations "extern const char timonelAsset${count}[], timonelAssetEnd${count}[];\n")
        string(APPEND table "    {\"${file}\", timonelAsset${count}, timonelAssetEnd${count}},\n")
        list(APPEND depends ${root}/${file})
        math(EXPR count "${count} + 1")
    endforeach()
    string(APPEND assembly ".section .note.GNU-stack,\"\",@progbits\n")
    set(out ${CMAKE_BINARY_DIR}/assets)
    file(CONFIGURE OUTPUT ${out}/assets.S CONTENT "${assembly}" @ONLY)
    file(CONFIGURE OUTPUT ${out}/table.c CONTENT "#include <stddef.h>\n${declarations}
struct TimonelAsset { const char *path, *begin, *end; };
const struct TimonelAsset timonelAssets[] = {\n${table}    {0, 0, 0}};\nconst size_t timonelAssetCount = ${count};\n" @ONLY)
    set_source_files_properties(${out}/assets.S PROPERTIES OBJECT_DEPENDS "${depends}" LANGUAGE ASM)
    target_sources(${target} PRIVATE ${out}/assets.S ${out}/table.c)
endfunction()
