import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Layouts
import Timonel.Engine
import Timonel.Controls

RowLayout {
    id: root
    spacing: 0
    function takeFocus() { rows.forceActiveFocus() }
    onVisibleChanged: Objects.active = visible
    Component.onCompleted: Objects.active = visible
    ListView {
        id: kinds
        Layout.preferredWidth: 168 * Theme.scale
        Layout.fillHeight: true
        clip: true
        model: Objects.kinds
        activeFocusOnTab: true
        ScrollBar.vertical: ScrollBar {}
        Accessible.role: Accessible.List
        Accessible.name: qsTr("Kinds")
        Keys.onReturnPressed: if (currentItem) currentItem.clicked()
        delegate: ItemDelegate {
            id: kindRow
            required property string kind
            required property string name
            required property int total
            width: ListView.view.width
            height: 30 * Theme.scale
            onClicked: Objects.kind = kind
            Accessible.name: name
            background: Rectangle { color: kindRow.kind === Objects.kind ? Theme.selected : kindRow.hovered || (kindRow.ListView.isCurrentItem && kinds.activeFocus) ? Theme.hover : "transparent" }
            contentItem: RowLayout {
                TText { text: kindRow.name; size: 12.5; Layout.fillWidth: true; wrapMode: Text.NoWrap; elide: Text.ElideRight }
                TText { text: kindRow.total; size: 12; quiet: true; wrapMode: Text.NoWrap }
            }
        }
    }
    Rectangle { width: 1; Layout.fillHeight: true; color: Theme.line }
    ColumnLayout {
        Layout.fillWidth: true
        Layout.fillHeight: true
        spacing: 0
        RowLayout {
            Layout.margins: 8
            TField { Layout.fillWidth: true; iconName: "search"; placeholderText: qsTr("Filter by name"); onTextChanged: Objects.filter = text }
        }
        Flickable {
            id: table
            Layout.fillWidth: true
            Layout.fillHeight: true
            clip: true
            contentWidth: Math.max(width, 28 + Objects.widths.reduce((sum, n) => sum + columnWidthOf(n), 0))
            flickableDirection: Flickable.HorizontalFlick
            boundsBehavior: Flickable.StopAtBounds
            ScrollBar.horizontal: ScrollBar {}
            function columnWidthOf(n) { return (n * 7.4 + 18) * Theme.scale }
        Row {
            id: header
            x: 28
            Repeater {
                model: Objects.columns
                TText { required property string modelData; required property int index; text: modelData; quiet: true; size: 12; width: rows.columnWidth(index); height: 24 * Theme.scale; verticalAlignment: Text.AlignVCenter; wrapMode: Text.NoWrap; elide: Text.ElideRight }
            }
        }
        ListView {
            id: rows
            y: header.height
            width: table.contentWidth
            height: table.height - y
            clip: true
            model: Objects.rows
            reuseItems: true
            activeFocusOnTab: true
            ScrollBar.vertical: ScrollBar {}
            function columnWidth(i) { return table.columnWidthOf(Objects.widths[i] || 8) }
            Keys.onReturnPressed: if (currentItem) Inspector.select(Objects.kind, currentItem.key)
            Empty { visible: rows.count === 0; anchors.centerIn: parent; iconName: "list"; title: qsTr("Nothing here"); text: qsTr("No objects of this kind match.") }
            delegate: ItemDelegate {
                id: row
                required property int index
                required property string key
                required property var cells
                required property var model
                width: ListView.view.width
                height: 30 * Theme.scale
                padding: 0
                onClicked: { rows.currentIndex = index; Inspector.select(Objects.kind, key) }
                Accessible.name: cells.join(", ")
                background: Rectangle { color: Inspector.key === row.key && Inspector.kind === Objects.kind ? Theme.selected : row.hovered || (row.ListView.isCurrentItem && rows.activeFocus) ? Theme.hover : "transparent" }
                contentItem: Row {
                    Item { width: 28; height: parent.height; StateGlyph { anchors.centerIn: parent; state_: row.model.state; size: 10 } }
                    Repeater {
                        model: row.cells
                        TText { required property string modelData; required property int index; text: modelData; size: 12.5; code: index === 0; width: rows.columnWidth(index); height: row.height; verticalAlignment: Text.AlignVCenter; wrapMode: Text.NoWrap; elide: index === 0 ? Text.ElideMiddle : Text.ElideRight; rightPadding: 10 }
                    }
                }
            }
        }
        }
    }
}
