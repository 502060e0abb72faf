import QtQuick
import Timonel.Engine

// All text of the window: plain, never markup, so nothing in a name or a log line can load anything.
Text {
    property real size: 13
    property bool strong: false
    property bool quiet: false
    property bool code: false
    textFormat: Text.PlainText
    color: quiet ? Theme.muted : Theme.text
    font.family: code ? Theme.mono : Theme.sans
    font.pixelSize: Theme.scale * size
    font.weight: strong ? Font.DemiBold : Font.Normal
    lineHeight: wrapMode === Text.NoWrap ? 1 : 1.2
    wrapMode: Text.Wrap
    elide: Text.ElideNone
}
