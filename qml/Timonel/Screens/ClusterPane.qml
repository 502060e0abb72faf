import QtQuick
import QtQuick.Layouts
import Timonel.Engine
import Timonel.Controls

Item {
    id: root
    property string ns
    clip: true
    function takeFocus() { scene.forceActiveFocus() }
    ClusterScene {
        id: scene
        anchors.fill: parent
        ns: root.ns
        onSelected: (kind, key) => Inspector.select(kind, key)
        Accessible.role: Accessible.Graphic
        Accessible.name: qsTr("Cluster picture")
        Accessible.description: description
        FocusRing { control: scene; shown: scene.activeFocus; anchors.margins: 2 }
    }
    Connections { target: Inspector; function onSelectionChanged() { scene.select(Inspector.kind, Inspector.key) } }
    TTip {
        text: scene.hoverText
        x: Math.min(scene.hoverPoint.x + 14, root.width - width - 6)
        y: Math.min(scene.hoverPoint.y + 14, root.height - height - 6)
    }
    Rectangle {
        anchors.right: parent.right
        anchors.bottom: parent.bottom
        anchors.margins: 10
        radius: 8
        color: Theme.raised
        border.color: Theme.line
        width: tools.implicitWidth + 8
        height: tools.implicitHeight + 8
        Row {
            id: tools
            anchors.centerIn: parent
            TButton { kind: "quiet"; iconName: "list-tree"; tip: qsTr("Ownership lines"); opacity: scene.showOwners ? 1 : 0.45; onClicked: scene.showOwners = !scene.showOwners }
            TButton { kind: "quiet"; iconName: "share-2"; tip: qsTr("Traffic lines"); opacity: scene.showTraffic ? 1 : 0.45; onClicked: scene.showTraffic = !scene.showTraffic }
            TButton { kind: "quiet"; iconName: "zoom-out"; tip: qsTr("Zoom out (-)"); onClicked: scene.zoomBy(0.8) }
            TButton { kind: "quiet"; iconName: "zoom-in"; tip: qsTr("Zoom in (+)"); onClicked: scene.zoomBy(1.25) }
            TButton { kind: "quiet"; iconName: "maximize"; tip: qsTr("Fit (0)"); onClicked: scene.fit() }
        }
    }
    Row { // legend
        anchors.left: parent.left
        anchors.bottom: parent.bottom
        anchors.margins: 14
        spacing: 12
        visible: root.width > 620 * Theme.scale
        Repeater {
            model: [["ready", qsTr("ready")], ["waiting", qsTr("waiting")], ["failed", qsTr("failing")], ["ending", qsTr("ending")], ["done", qsTr("done")]]
            Row {
                id: entry
                required property var modelData
                spacing: 4
                StateGlyph { state_: entry.modelData[0]; size: 10; anchors.verticalCenter: parent.verticalCenter }
                TText { text: entry.modelData[1]; quiet: true; size: 11.5; wrapMode: Text.NoWrap }
            }
        }
    }
}
