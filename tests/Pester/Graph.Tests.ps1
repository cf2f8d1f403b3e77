BeforeAll {
    . $PSScriptRoot/Common.ps1
    Import-Module $Manifest -Force
    $script:File = Write-StackFile @'
name: shop
instances:
  web: { image: busybox, depends_on: { db: { condition: healthy } } }
  db: { image: busybox, networks: [lan], healthcheck: { tcp: 5432 } }
networks: { lan: {} }
'@
}

Describe 'The graph of a stack' {
    It 'is a text for Mermaid, with what depends_on says at the arrows' {
        $text = Get-IncusStackGraph $File
        $text | Should -BeOfType string
        $text | Should -Match '(?m)^flowchart LR$'
        $text | Should -Match 'instance_web -->\|"healthy"\| instance_db'
    }

    It 'is a text for Graphviz where that is wanted' {
        Get-IncusStackGraph -LiteralPath $File -Format Dot | Should -Match 'instance_web -> instance_db \[label="healthy"\];'
    }

    It 'is an object where that is wanted' {
        $graph = Import-IncusStack $File | Get-IncusStackGraph -AsObject
        $graph.Stack | Should -Be 'shop'
        $graph.Nodes.Id.Kind | Should -Be 'network', 'image', 'instance', 'instance'
        ($graph.Edges | Where-Object Label).To.Name | Should -Be 'db'
    }

    It 'needs no server' {
        $text = Invoke-Pwsh "Import-Module '$Manifest'; `$env:INCUS_SOCKET = '/nowhere'; `$env:INCUS_DIR = '/nowhere'; Get-IncusStackGraph '$File'"
        $text | Should -Contain 'flowchart LR'
    }

    It 'of a file with mistakes is their list' {
        $wrong = Write-StackFile 'instances: { web: { imag: x } }'
        { Get-IncusStackGraph $wrong -ErrorAction Stop } | Should -Throw '*did you mean*'
    }
}
