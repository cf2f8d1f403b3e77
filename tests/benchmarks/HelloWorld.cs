namespace IncusCompose.Benchmarks;

/// <summary>The smallest .NET program, built as <c>dotnet build</c> builds it.</summary>
internal sealed class HelloWorld : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("incus-compose-hello-");

    private HelloWorld()
    {
    }

    public string Program => Path.Combine(_folder.FullName, "out", "hello");

    public static async Task<HelloWorld> BuildAsync()
    {
        var hello = new HelloWorld();
        await File.WriteAllTextAsync(Path.Combine(hello._folder.FullName, "hello.csproj"), """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
              </PropertyGroup>
            </Project>
            """);
        await File.WriteAllTextAsync(Path.Combine(hello._folder.FullName, "Program.cs"), "System.Console.WriteLine(\"Hello, World!\");\n");
        await Command.RunAsync("dotnet", "build", hello._folder.FullName, "--configuration", "Release", "--output", Path.Combine(hello._folder.FullName, "out"), "--nologo");
        return hello;
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
