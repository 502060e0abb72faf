import QtQuick
import Timonel.Engine

Image {
    property string name
    property color color: Theme.text
    property real size: 20
    width: size * Theme.scale
    height: width
    sourceSize: Qt.size(width * Screen.devicePixelRatio, height * Screen.devicePixelRatio)
    source: name ? "image://icon/" + name + "/" + color.toString().substring(1) : ""
    smooth: true
    Accessible.ignored: true
}
